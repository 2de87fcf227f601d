"""The authority: makes the keys, the policy, enrolment codes and verification requests."""
