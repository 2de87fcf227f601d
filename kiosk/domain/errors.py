"""One tree of errors. Each leaf carries a stable code; the words for people stand in the texts.

An expected outcome (a blurred picture, an expired card) is a value, not an exception. No message
here may hold personal data: it ends in logs and support bundles.
"""

from typing import ClassVar


class KioskError(Exception):
    """Root of every error this program raises on purpose.

    Attributes:
        code: stable code such as ``VAULT-003``; key of the entry in ``errors.toml`` that says
            what happened and what the agent can do.
        detail: a short technical word for the log, free of personal data.
    """

    code: ClassVar[str] = "KIOSK-000"

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"{self.code}: {detail}" if detail else self.code)
        self.detail = detail


class CaptureError(KioskError):
    """The camera or a picture cannot be used."""

    code = "CAPTURE-000"


class NoCameraError(CaptureError):
    """No camera answers at the configured place."""

    code = "CAPTURE-001"


class CameraBusyError(CaptureError):
    """Another program holds the camera."""

    code = "CAPTURE-002"


class CameraPermissionError(CaptureError):
    """The operating system refuses the camera to this program."""

    code = "CAPTURE-003"


class CameraUnpluggedError(CaptureError):
    """The camera stopped answering while in use."""

    code = "CAPTURE-004"


class CameraBlackError(CaptureError):
    """The camera answers with black pictures (cover closed, privacy switch, failed stream)."""

    code = "CAPTURE-005"


class CameraFrozenError(CaptureError):
    """The camera repeats one and the same picture."""

    code = "CAPTURE-006"


class CameraTimeoutError(CaptureError):
    """The camera did not open or deliver before its deadline."""

    code = "CAPTURE-007"


class PictureUnreadableError(CaptureError):
    """The file is no picture, or is damaged."""

    code = "CAPTURE-010"


class PictureTooLargeError(CaptureError):
    """The picture has more pixels or bytes than this program agrees to open."""

    code = "CAPTURE-011"


class PictureTypeError(CaptureError):
    """The file is of a type this program does not read."""

    code = "CAPTURE-012"


class ModelError(CaptureError):
    """The text recogniser's file is missing or is not the expected one (SHA-256 differs)."""

    code = "CAPTURE-020"


class PictureSupportError(CaptureError):
    """The file is of a type that an optional package reads, and it is not installed (HEIC)."""

    code = "CAPTURE-040"


class PictureIncompleteError(PictureUnreadableError):
    """The file ends too early: it was cut while it was copied or sent."""

    code = "CAPTURE-041"


class PictureProtectedError(PictureUnreadableError):
    """The file is protected by a password."""

    code = "CAPTURE-042"


class ReadingTooLongError(CaptureError):
    """The file was not read before its deadline; reading it was stopped."""

    code = "CAPTURE-043"


class ReadingStoppedError(CaptureError):
    """The process that read the file ended: damaged file, or not enough memory."""

    code = "CAPTURE-044"


class DocumentError(KioskError):
    """A text is not the document it claims to be."""

    code = "DOCUMENT-000"


class MrzFormatError(DocumentError):
    """The lines are no machine-readable zone that this program knows."""

    code = "DOCUMENT-001"


class SealFormatError(DocumentError):
    """The text is no 2D-Doc that this program can parse."""

    code = "DOCUMENT-002"


class RequestFormatError(DocumentError):
    """The text is no verification request."""

    code = "DOCUMENT-003"


class CatalogueError(DocumentError):
    """A data file of the resources is missing or wrong."""

    code = "DOCUMENT-010"


class TrustListError(DocumentError):
    """The file is no list of trusted services, or its signature does not hold."""

    code = "DOCUMENT-030"


class TrustSignerError(DocumentError):
    """The list is signed by another than the pinned signer, or no signer is pinned."""

    code = "DOCUMENT-031"


class TrustRollbackError(DocumentError):
    """The list is older than the one in force, or another of the same number."""

    code = "DOCUMENT-032"


class CertificateFileError(DocumentError):
    """The file holds no certificate and no revocation list that this program can read."""

    code = "DOCUMENT-033"


class JourneyError(KioskError):
    """An event does not fit the step the case is at."""

    code = "JOURNEY-000"


class EventRefusedError(JourneyError):
    """The event is not accepted at this step; the state is unchanged."""

    code = "JOURNEY-001"


class JourneyInvalidError(JourneyError):
    """A procedure has a dead end or a way out that leaves no record."""

    code = "JOURNEY-002"


class AdviceError(KioskError):
    """A rule of the service cannot answer."""

    code = "ADVICE-000"


class NoFactError(AdviceError):
    """No fact of the service is in force on this day: clock wrong, or data too old."""

    code = "ADVICE-001"


class DayRangeError(AdviceError):
    """A day outside of what the calendar can tell."""

    code = "ADVICE-002"


class AnswerRefusedError(AdviceError):
    """An answer to a question that is not asked, or that does not fit it."""

    code = "ADVICE-003"


class VaultError(KioskError):
    """The encrypted store cannot do what was asked."""

    code = "VAULT-000"


class VaultKeyError(VaultError):
    """The store does not open with this device's key."""

    code = "VAULT-001"


class VaultCorruptError(VaultError):
    """The store is damaged."""

    code = "VAULT-002"


class DiskFullError(VaultError):
    """Not enough space to keep a record safely; nothing was half-written."""

    code = "VAULT-003"


class VaultReadOnlyError(VaultError):
    """The disk of the store takes no writes any more; nothing was half-written."""

    code = "VAULT-016"


class VaultBusyError(VaultError):
    """Another process holds the store."""

    code = "VAULT-004"


class VaultPragmaError(VaultError):
    """The store did not accept a setting that durability depends on."""

    code = "VAULT-005"


class DraftError(VaultError):
    """A draft cannot be opened (other shift, other agent, altered bytes)."""

    code = "VAULT-006"


class VaultVersionError(VaultError):
    """The store was written by a newer version of the program."""

    code = "VAULT-007"


class KeyStoreError(VaultError):
    """The operating system's secret store is missing or locked; no plaintext fallback exists."""

    code = "VAULT-010"


class CredentialStoreError(KeyStoreError):
    """systemd cannot keep a key of this device, or does not give it back."""

    code = "VAULT-012"


class KeyChangeError(VaultError):
    """A key of this device could not be replaced; the one before is still in force."""

    code = "VAULT-013"


class SecretChangeError(VaultError):
    """The device secret is being replaced already, and some agents have not signed in since."""

    code = "VAULT-014"


class LastManagerError(VaultError):
    """The device secret of before stays: no manager could sign in without it."""

    code = "VAULT-015"


class SalvageError(VaultError):
    """What is left of a damaged vault is too little to go on with the journal of this device."""

    code = "VAULT-011"


class SignInError(KioskError):
    """The agent cannot be signed in."""

    code = "SIGNIN-000"


class WrongPinError(SignInError):
    """The PIN is wrong; the attempt was counted before it was checked."""

    code = "SIGNIN-001"


class LockedOutError(SignInError):
    """Too many wrong PINs: wait, or be unlocked by a second person."""

    code = "SIGNIN-002"


class UnknownAgentError(SignInError):
    """No such agent on this device."""

    code = "SIGNIN-003"


class ManagerNeededError(SignInError):
    """Only a manager of this device may do this."""

    code = "SIGNIN-005"


class PinPolicyError(SignInError):
    """The PIN is not six digits or a longer passphrase, or is a trivial one."""

    code = "SIGNIN-004"


class NotAllowedError(SignInError):
    """The role of this agent does not have this duty (which one in detail)."""

    code = "SIGNIN-006"


class OneTimeCodeError(SignInError):
    """The one-time code is unknown, was used, was withdrawn, or its time is over."""

    code = "SIGNIN-007"


class CodeTriesError(SignInError):
    """Too many wrong one-time codes: every code that waited is void."""

    code = "SIGNIN-008"


class SamePersonError(SignInError):
    """A second person is needed, and this is the first one again."""

    code = "SIGNIN-009"


class HandOverError(SignInError):
    """The case cannot go to this colleague, or is no longer there to be taken."""

    code = "SIGNIN-010"


class SamePinError(SignInError):
    """The new PIN is the old one."""

    code = "SIGNIN-011"


class UnlockOrderError(SignInError):
    """The order of the authority is not valid here: forged, for another device, over, or used."""

    code = "SIGNIN-012"


class ColleagueAnswerError(SignInError):
    """What came from another counter is no answer of a colleague of this office to this case."""

    code = "SIGNIN-013"


class QuestionGoneError(SignInError):
    """The question was answered by somebody else, or is forgotten."""

    code = "SIGNIN-014"


class StrandedKeysError(SignInError):
    """The device secret that this agent's keys hung on was destroyed before they signed in."""

    code = "SIGNIN-015"


class AuditError(KioskError):
    """The journal does not prove what it should."""

    code = "AUDIT-000"


class JournalBrokenError(AuditError):
    """An entry is missing, altered, doubled or out of order."""

    code = "AUDIT-001"


class SignatureInvalidError(AuditError):
    """A signature does not hold."""

    code = "AUDIT-002"


class SealedRecordError(AuditError):
    """A sealed record does not open, or is not what its header says."""

    code = "AUDIT-003"


class SyncError(KioskError):
    """The exchange with the central side failed; everything is kept here."""

    code = "SYNC-000"


class UnreachableError(SyncError):
    """The central side does not answer (down, no network, deadline passed, too much to do).

    Attributes:
        wait_s: seconds after which it asks to be called again; 0 where it said nothing of them.
    """

    code = "SYNC-001"

    def __init__(self, detail: str = "", wait_s: int = 0) -> None:
        super().__init__(detail)
        self.wait_s = wait_s


class SendingStoppedError(UnreachableError):
    """Somebody stopped the sending in the middle of a call; everything is kept here."""

    code = "SYNC-060"


class CertificateError(SyncError):
    """The server is not the pinned central side."""

    code = "SYNC-002"


class RefusedByCollectorError(SyncError):
    """The central side refused the call (reason in detail)."""

    code = "SYNC-003"


class DeviceSetApartError(RefusedByCollectorError):
    """The central side knows two histories of this device and trusts it with no name or code."""

    code = "SYNC-030"


class ForkError(SyncError):
    """The central side holds another history for this device."""

    code = "SYNC-004"


class ReceiptInvalidError(SyncError):
    """A receipt does not prove storage; nothing is deleted."""

    code = "SYNC-005"


class ReceiptUnwitnessedError(ReceiptInvalidError):
    """Too few of the witnesses that the policy names cosigned the log of a receipt."""

    code = "SYNC-031"


class LogRestoreRefusedError(ReceiptInvalidError):
    """The announced restore of the collector's log contradicts what this device holds proof of."""

    code = "SYNC-033"


class ProtocolError(SyncError):
    """The answer is not of the expected form (a foreign proxy, say)."""

    code = "SYNC-006"


class CaptivePortalError(CertificateError, ProtocolError):
    """A page of the network answers in the collector's place; it is refused like any stranger."""

    code = "SYNC-032"


class PolicyInvalidError(SyncError):
    """A policy is unsigned, older than the one in force, or incomplete."""

    code = "SYNC-007"


class EnrolmentError(SyncError):
    """The enrolment code is malformed, expired, or used for another device."""

    code = "SYNC-008"


class AlreadyEnrolledError(SyncError):
    """This device is enrolled; a new enrolment would be a new device."""

    code = "SYNC-009"


class CourierError(SyncError):
    """The folder that carries records could not be used; everything is kept here."""

    code = "SYNC-027"


class FolderMissingError(CourierError):
    """The folder is not there, or the medium was pulled out."""

    code = "SYNC-020"


class FolderReadOnlyError(CourierError):
    """The medium lets nothing be written."""

    code = "SYNC-021"


class FolderFullError(CourierError):
    """The medium has no room left."""

    code = "SYNC-022"


class CourierDamagedError(CourierError):
    """What lies there is torn, altered, for another device, or signed by nobody that counts."""

    code = "SYNC-023"


class NothingCarriedError(CourierError):
    """No answer of the central side to this device lies there."""

    code = "SYNC-024"


class CourierStaleError(CourierError):
    """The answers there are older than what this device knows by now."""

    code = "SYNC-025"


class FolderUnsuitableError(CourierError):
    """The medium cannot keep these files (its kind, its names, a fault of its own)."""

    code = "SYNC-026"


class PrintError(KioskError):
    """The customer's sheet could not be put on paper; the act itself is sealed."""

    code = "PRINT-000"


class NoPrinterError(PrintError):
    """This device knows no printer."""

    code = "PRINT-001"


class PrinterFailedError(PrintError):
    """The printer did not take the sheet (off, no paper, queue stopped)."""

    code = "PRINT-002"


class SheetFileError(PrintError):
    """The PDF of the sheet could not be written."""

    code = "PRINT-003"


class DeviceError(KioskError):
    """This device may not do what was asked at this point of its life."""

    code = "DEVICE-000"


class LeaseExpiredError(DeviceError):
    """The device was without contact for longer than the policy allows: it went dark."""

    code = "DEVICE-001"


class DeviceLostError(LeaseExpiredError):
    """The policy names this device as lost or withdrawn: it only sends what it holds."""

    code = "DEVICE-020"


class OpenWorkError(DeviceError):
    """Cases are still open; a device is closed without any."""

    code = "DEVICE-002"


class NotAllSentError(DeviceError):
    """Records or journal entries have not arrived; nothing is destroyed."""

    code = "DEVICE-003"


class DeviceClosedError(DeviceError):
    """The journal of this device was closed: it begins nothing any more."""

    code = "DEVICE-004"


class RescueFolderError(DeviceError):
    """The folder of a rescue is not empty, or cannot be written."""

    code = "DEVICE-005"


class VaultOpensError(DeviceError):
    """The keys of this device are there: its queue is rescued by two people."""

    code = "DEVICE-006"


class NoEscrowError(DeviceError):
    """No sealed key lies beside the vault: what it holds cannot be opened any more."""

    code = "DEVICE-007"


class VaultKeyFileError(DeviceError):
    """The file is no key of this vault, or the copy of the vault is not complete."""

    code = "DEVICE-008"


class ActStoppedError(DeviceError):
    """Somebody stopped the act before anything was destroyed, or before all was copied."""

    code = "DEVICE-021"


class RescueRoomError(RescueFolderError):
    """The medium has not the room that a rescue takes."""

    code = "DEVICE-022"


class ContactError(KioskError):
    """An address of the customer cannot be confirmed."""

    code = "CONTACT-000"


class ContactAddressError(ContactError):
    """What was typed has not the form of an address that a code can be sent to."""

    code = "CONTACT-001"


class ContactUnavailableError(ContactError):
    """The central side sends nothing by this way."""

    code = "CONTACT-002"


class ContactNotSentError(ContactError):
    """The message with the code could not be handed over (mail server or SMS gateway)."""

    code = "CONTACT-003"


class ContactTooOftenError(ContactError):
    """Too many codes were asked for; the detail says how many seconds to wait."""

    code = "CONTACT-004"


class ContactCodeFormError(ContactError):
    """What was typed has not the form of a code; no try was lost."""

    code = "CONTACT-005"


class ContactStatementError(ContactError):
    """The word of the central side about an address does not hold."""

    code = "CONTACT-006"


class ContactChallengeError(ContactError):
    """The central side knows no such challenge (too old, or another address)."""

    code = "CONTACT-007"


class RoundError(KioskError):
    """The round of the day cannot be used as asked."""

    code = "ROUND-000"


class RoundInvalidError(RoundError):
    """What the central side sent is no visit of this device, or nobody known signed it."""

    code = "ROUND-001"


class VisitUnknownError(RoundError):
    """No such visit in the round of today, or it belongs to a shift that is over."""

    code = "ROUND-002"


class VisitEndedError(RoundError):
    """This visit has its record already."""

    code = "ROUND-003"


class VisitCancelledError(RoundError):
    """The central side took this visit out of the round."""

    code = "ROUND-004"


class ItemError(KioskError):
    """A text is not the number of a registered item."""

    code = "ITEM-001"


class ItemCheckDigitError(ItemError):
    """A number of the S10 format whose check digit is wrong."""

    code = "ITEM-002"


class ItemForeignCodeError(ItemError):
    """The code is something else than the number of an item."""

    code = "ITEM-003"


class ItemSeveralError(ItemError):
    """Codes of several items are in view."""

    code = "ITEM-004"


class ItemIncompleteError(ItemError):
    """The number that is being typed is not complete."""

    code = "ITEM-005"


class ItemFormError(ItemError):
    """The number has no form that this program knows."""

    code = "ITEM-006"


class ConfigError(KioskError):
    """The configuration is wrong."""

    code = "CONFIG-000"


class ConfigFileError(ConfigError):
    """``visavis.toml`` has an unknown key or a wrong value (line in detail)."""

    code = "CONFIG-001"


class NotEnrolledError(ConfigError):
    """This device is not enrolled yet."""

    code = "CONFIG-002"


class AlreadyRunningError(ConfigError):
    """Another window of the program runs on the same data."""

    code = "CONFIG-003"


class DisplayMissingError(ConfigError):
    """No screen is available for a command that needs one."""

    code = "CONFIG-004"


class InternalError(KioskError):
    """A fault of the program itself, caught at its edge."""

    code = "KIOSK-001"
