"""Zones whose every check digit was verified: official specimens, public test data, invented."""

from datetime import date

TODAY = date(2026, 11, 25)

TD3_ICAO = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
TD3_ICAO_OLDER = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C<3UTO6908061F9406236ZE184226B<<<<<14",
)
TD3_ZERO = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "HA672242<6YTO5802254M9601086<<<<<<<<<<<<<<08",
)
TD3_FILLER = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "HA672242<6YTO5802254M9601086<<<<<<<<<<<<<<<8",
)
TD2_ICAO = (
    "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
    "D231458907UTO7408122F1204159<<<<<<<6",
)
TD2_LONG = (
    "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<",
    "D23145890<UTO3407127M95071227349<<<8",
)
TD1_ICAO = (
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "7408122F1204159UTO<<<<<<<<<<<6",
    "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
)
TD1_LONG = (
    "I<UTOD23145890<7349<<<<<<<<<<<",
    "3407127M9507122UTO<<<<<<<<<<<2",
    "STEVENSON<<PETER<JOHN<<<<<<<<<",
)
CARD_2021 = (
    "IDFRAX4RTBPFW46<<<<<<<<<<<<<<<",
    "9007138F3002119FRA<<<<<<<<<<<6",
    "MARTIN<<MAELYS<GAELLE<MARIE<<<",
)
CARD_1988 = (
    "IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<",
    "8806923102858CORINNE<<<<<<<6512068F6",
)
CARD_1988_1994 = (
    "IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<",
    "9409923102854CORINNE<<<<<<<6512068F4",
)
PASSPORT_ANTS = (
    "P<FRASPECIMEN<<NATACHA<<<<<<<<<<<<<<<<<<<<<<",
    "07CD123044FRA7307122F1603062<<<<<<<<<<<<<<04",
)
PASSPORT_GBR = (
    "P<GBRUK<SPECIMEN<<ANGELA<ZOE<<<<<<<<<<<<<<<<",
    "9250764733GBR8809117F2007162<<<<<<<<<<<<<<08",
)
PASSPORT_GERMANY = (
    "P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<",
    "C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4",
)
TD1_THAILAND = (
    "IDTHA95555554612902968000000<<",
    "6802295F1307245THA<<<<<<<<<<<6",
    "NILAVADHANANANDA<<CHAYAPA<DE<K",
)
CARD_1988_OFFICE = (
    "IDFRATEST<NAME<<<<<<<<<<<<<<<<0CHE02",
    "1710GVA123451ROBERTA<<<<<<<9112311F2",
)
CARD_1988_COMPOUND = (
    "IDFRASPECIMEN<<<<<<<<<<<<<<<<<075012",
    "120675K012349MARIE<CLAIRE<<8502289F2",
)
CARD_1988_MINOR = (
    "IDFRADUBOIS<LEFEVRE<<<<<<<<<<<<<<<<<",
    "1305692100072LUC<<<<<<<<<<<9907179M0",
)
CARD_1988_CUT = (
    "IDFRADUPONT<<<<<<<<<<<<<<<<<<<<<<<<<",
    "1311133043213JEAN<PIERRE<<P7001017M7",
)
PERMIT = (
    "IRFRA9921234AB7<<<<<<<<<<<<<<<",
    "8803159F3106305MAR<<<<<<<<<<<2",
    "ELAMRANI<<SALMA<<<<<<<<<<<<<<<",
)
PERMIT_KOSOVO = (
    "IRFRAAB12CD3455<<<<<<<<<<<<<<<",
    "9001011M2901019RKS<<<<<<<<<<<8",
    "HOXHA<<ARBEN<<<<<<<<<<<<<<<<<<",
)
CARD_PARTIAL_BIRTH = (
    "IDFRAT7X62TZ799<<<<<<<<<<<<<<<",
    "75<<<<4M3201015FRA<<<<<<<<<<<6",
    "NGUYEN<<MINH<ANH<<<<<<<<<<<<<<",
)
CARD_BELGIUM_LONG = (
    "IDBEL600001795<0152<<<<<<<<<<<",
    "9202298F3311053BEL<<<<<<<<<<<6",
    "PEETERS<<AN<<<<<<<<<<<<<<<<<<<",
)
PASSPORT_2026 = (
    "PPFRABERTHIER<<CORINNE<<<<<<<<<<<<<<<<<<<<<<",
    "26AB123452FRA6512068F3601143<<<<<<<<<<<<<<06",
)
PASSPORT_LEAP = (
    "P<FRALE<GOFF<<ANNE<SOPHIE<<<<<<<<<<<<<<<<<<<",
    "19FV987653FRA8002295F2903035<<<<<<<<<<<<<<06",
)
REFUGEE = (
    "PRFRAHADDAD<<SAMIR<<<<<<<<<<<<<<<<<<<<<<<<<<",
    "A123456784XXB7809198M2801016<<<<<<<<<<<<<<04",
)
VISA_A = (
    "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L8988901C4XXX4009078F96121096ZE184226B<<<<<<",
)
VISA_B = (
    "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
    "L8988901C4XXX4009078F9612109<<<<<<<<",
)

ALL = {
    name: value
    for name, value in list(globals().items())
    if isinstance(value, tuple) and name.isupper()
}
"""Every zone above, by name."""
