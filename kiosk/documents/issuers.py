"""Codes of issuing States, organisations and nationalities in a machine-readable zone.

Rules: three letters of ISO 3166-1, or one of the codes that ICAO adds to them; fillers stripped.
Source: ICAO Doc 9303-3, section 5.
"""

from typing import Final

SPECIMEN: Final = "UTO"
"""The State that exists on specimens only; a document of it is never a real one."""

EUROPEAN: Final = frozenset(
    {"AUT", "BEL", "BGR", "CHE", "CYP", "CZE", "D", "DNK", "ESP", "EST", "FIN", "FRA", "GRC", "HRV"}
    | {"HUN", "IRL", "ISL", "ITA", "LIE", "LTU", "LUX", "LVA", "MLT", "NLD", "NOR", "POL", "PRT"}
    | {"ROU", "SVK", "SVN", "SWE"}
)
"""States whose identity cards count as European: Union, European Economic Area, Switzerland."""

_ISO_3166: Final = frozenset(
    """
    ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR
    BHR BHS BIH BLM BLR BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG
    COK COL COM CPV CRI CUB CUW CXR CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH
    FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB GNB GNQ GRC GRD GRL GTM GUF GUM GUY
    HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN KAZ KEN KGZ KHM
    KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL
    MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR
    NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT REU ROU RUS RWA SAU
    SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA
    TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR UMI URY USA UZB VAT VCT VEN VGB
    VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE
    """.split()  # noqa: SIM905 - a list of 249 short words is read best as words
)
_ADDED_BY_ICAO: Final = frozenset(
    {"D", "GBD", "GBN", "GBO", "GBP", "GBS", "RKS", "EUE", "UNO", "UNA", "UNK", "XBA", "XIM", "XCC"}
    | {"XCE", "XCO", "XEC", "XPO", "XES", "XMP", "XOM", "XDC", "XXA", "XXB", "XXC", "XXX", "IAO"}
)
# Withdrawn, or used on real documents without standing in the list: seen, so not unknown.
_SEEN: Final = frozenset({"ANT", "NTZ", "XKX"})


def is_known(code: str) -> bool:
    """Whether ``code`` (fillers stripped) names a State, an organisation or a status."""
    return code == SPECIMEN or code in _ISO_3166 or code in _ADDED_BY_ICAO or code in _SEEN
