"""States as seals write them (two letters) against zones (three): the pairs that are needed here.

Not the whole standard: what is not in the table is not judged. Source: ISO 3166-1.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_PAIRS: Final = """
    AT=AUT BE=BEL BG=BGR CH=CHE CY=CYP CZ=CZE DE=DEU DK=DNK EE=EST ES=ESP FI=FIN FR=FRA GR=GRC
    HR=HRV HU=HUN IE=IRL IS=ISL IT=ITA LI=LIE LT=LTU LU=LUX LV=LVA MT=MLT NL=NLD NO=NOR PL=POL
    PT=PRT RO=ROU SE=SWE SI=SVN SK=SVK
    AF=AFG AL=ALB AM=ARM AR=ARG AU=AUS BD=BGD BF=BFA BI=BDI BJ=BEN BR=BRA CA=CAN CD=COD CF=CAF
    CG=COG CI=CIV CM=CMR CN=CHN CO=COL CU=CUB DZ=DZA EG=EGY ET=ETH GA=GAB GB=GBR GE=GEO GH=GHA
    GN=GIN HT=HTI IN=IND IQ=IRQ IR=IRN KM=COM LB=LBN LK=LKA MA=MAR MD=MDA MG=MDG ML=MLI MR=MRT
    MU=MUS NE=NER NG=NGA PE=PER PH=PHL PK=PAK RS=SRB RU=RUS RW=RWA SN=SEN SY=SYR TD=TCD TG=TGO
    TN=TUN TR=TUR UA=UKR US=USA VN=VNM
"""
_STATES: Final[Mapping[str, str]] = MappingProxyType(
    {two: three for two, _, three in (word.partition("=") for word in _PAIRS.split())}
)
_KNOWN: Final = frozenset(_STATES.values())
_GERMANY: Final = "D"  # the one State that a zone writes otherwise


def same_state(two: str, three: str) -> bool | None:
    """Whether both name one State; None where the table does not say.

    Args:
        two: as in a seal, ISO 3166-1 alpha-2.
        three: as in a zone without fillers.
    """
    read = "DEU" if three == _GERMANY else three
    known = _STATES.get(two)
    if known is None:
        return False if read in _KNOWN else None
    return known == read
