"""What the screens show and do, without a screen: QtCore only.

=============  ====================================================================================
session        ``SessionModel(sign_in, desk)``: who is signed in, PIN answers, lock
home           ``HomeModel(proofing, desk)``: cases to resume
journey        ``JourneyModel(proofing, desk)``: the open case; ``dispatch`` once at a time
capture        ``CaptureModel(make_thread)``: the camera, what it sees, what was read
delivery       ``DeliveryModel(delivery, desk, clock)``: what waits, whether the network answers
=============  ====================================================================================
"""
