"""The public service as rules over dated data: calendar, help, telephones, eligibility. Pure."""
