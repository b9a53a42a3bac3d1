"""The registry at the door: what is right loads, what is wrong is named with its remedy, and the rest still loads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from newswarc.sources import KEYS, SHIPPED, Source, SourceFault, UnknownSource, load

DOCS = Path(__file__).parents[2] / "docs" / "sources.md"
GOOD = "name: Paper\nhomepage: https://paper.example/\n"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / "region" / f"{name.replace('_', '-')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def fault(folder: Path, text: str, **environ: str) -> SourceFault:
    loaded = load(write(folder, bad=text, good=GOOD), environ=environ)
    assert [source.key for source in loaded.sources] == ["region/good"]
    assert len(loaded.faults) == 1, loaded.faults
    assert loaded.faults[0].file == "region/bad.yaml"
    assert loaded.faults[0].problem
    assert loaded.faults[0].remedy
    return loaded.faults[0]


OTHER = "name: Bad\nhomepage: https://bad.example/\n"


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("homepage: https://bad.example/\n", "name", "missing"),
        ("name: Bad\n", "homepage", "missing"),
        (OTHER + "feedz: []\n", "feedz", "`feeds`"),
        (OTHER + "time_zone: Asia/Kabul\n", "time_zone", "`timezone`"),
        (OTHER + "zzz: 1\n", "zzz", "homepage"),
        (OTHER + "key: region/x\n", "key", "unknown key"),
        (OTHER + "feeds: https://bad.example/rss\n", "feeds", "a list"),
        (OTHER + "feeds: [bad.example/rss]\n", "feeds", "in full"),
        (OTHER + "sitemaps: ['ftp://bad.example/s.xml']\n", "sitemaps", "http or https"),
        (OTHER + "sections: ['https://bad example/']\n", "sections", "not a URL"),
        (OTHER + "sections: ['https://bad.example:port/']\n", "sections", "not a URL"),
        (OTHER + "sections: ['https://bad..example/']\n", "sections", "not a URL"),
        (OTHER + "sections: ['https://me:secret@bad.example/']\n", "sections", "user name"),
        (OTHER + "articles: '/news/(\\d+'\n", "articles", "not a regular expression"),
        (OTHER + "articles: ['(a+)+$']\n", "articles", "for ever"),
        (OTHER + "articles: '(?:[a-z]+/)*x'\n", "articles", "possessive"),
        (OTHER + "articles: '.*a.*b.*c'\n", "articles", "more than two"),
        (OTHER + "language: russian\n", "language", "BCP 47"),
        (OTHER + "country: Uzbekistan\n", "country", "ISO 3166-1"),
        (OTHER + "timezone: Asia/Termez\n", "timezone", "Asia/Tashkent"),
        (OTHER + "timezone: ../../etc/passwd\n", "timezone", "Asia/Tashkent"),
        (OTHER + "delay: -1\n", "delay", "seconds"),
        (OTHER + "delay: often\n", "delay", "seconds"),
        (OTHER + "domains: ['https://bad.example/']\n", "domains", "bare name"),
        (OTHER + "enabled: maybe\n", "enabled", "true or false"),
        (OTHER + "proxy: http://user:secret@proxy.example:8080\n", "proxy", "environment variable"),
        (OTHER + "proxy: http://user:${NOT_SET}@proxy.example:8080\n", "proxy", "NOT_SET is not set"),
        (OTHER + "proxy: ftp://proxy.example\n", "proxy", "socks5"),
        (OTHER + "proxy: http://proxy.example/path\n", "proxy", "no path"),
        (OTHER + "name: Twice\n", None, "line 3: key 'name' stands twice"),
        ("name: Bad\nhomepage: [\n", None, "line"),
        ("name: 'Bad\n", None, "line"),
        ("- name\n", None, "keys and values"),
        ("", None, "keys and values"),
        ("1: 2\n", None, "keys and values"),
        ("name: !!python/object/apply:os.system ['true']\n", None, "line 1"),
        ("name: Bad\nhomepage: https://www.paper.example\n", "homepage", "region/"),
        ("name: 24\nhomepage: https://bad.example/\n", "name", "the outlet's name"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(text: str, key: str | None, says: str, tmp_path: Path) -> None:
    if "paper.example" in text:  # the file that comes first in the alphabet has the homepage
        loaded = load(write(tmp_path, a_paper=GOOD, bad=text))
        assert [s.key for s in loaded.sources] == ["region/a-paper"]
        (found,) = loaded.faults
    else:
        found = fault(tmp_path, text)
    assert found.key == key
    assert says in str(found)


def test_all_that_is_wrong_in_a_file_is_said_at_once(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, bad="name: Bad\nhomepage: bad\nfeedz: []\ndelay: x\n"))
    assert {found.key for found in loaded.faults} == {"homepage", "feedz", "delay"}


def test_a_secret_is_filled_in_late_and_never_kept(tmp_path: Path) -> None:
    text = OTHER + "proxy: socks5://me:${PROXY_PASSWORD}@10.0.0.1:1080\n"
    (source,) = load(write(tmp_path, a=text), environ={"PROXY_PASSWORD": "s3cret"}).sources
    assert source.proxy_url({"PROXY_PASSWORD": "s3cret"}) == "socks5://me:s3cret@10.0.0.1:1080"
    assert "s3cret" not in repr(source)
    assert "s3cret" not in source.model_dump_json()


def test_yaml_is_read_as_people_mean_it(tmp_path: Path) -> None:
    text = "name: on\nhomepage: https://a.example/\ncountry: NO\nlanguage: no\nenabled: True\n"
    (source,) = load(write(tmp_path, a=text)).sources
    assert (source.name, source.country, source.language, source.enabled) == ("on", "NO", "no", True)


def test_files_that_are_in_the_wrong_place_are_said(tmp_path: Path) -> None:
    folder = write(tmp_path, good=GOOD, Bad_Name=OTHER)
    (folder / "top.yaml").write_text(OTHER)
    (folder / "region" / "short.yml").write_text(OTHER)
    loaded = load(folder)
    assert [source.key for source in loaded.sources] == ["region/good"]
    assert {found.file for found in loaded.faults} == {"top.yaml", "region/short.yml", "region/Bad-Name.yaml"}
    assert all("<region>/<outlet>.yaml" in found.remedy for found in loaded.faults)


def test_a_file_that_is_not_text_is_said(tmp_path: Path) -> None:
    folder = write(tmp_path, good=GOOD)
    (folder / "region" / "bad.yaml").write_bytes(b"name: \xff\xfe\x00")
    assert [found.file for found in load(folder).faults] == ["region/bad.yaml"]


@pytest.fixture
def regions(tmp_path: Path) -> Path:
    for key in ("asia/alpha", "asia/beta", "europe/alpha", "europe/asleep"):
        path = tmp_path / f"{key}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"name: {key}\nhomepage: https://{key.replace('/', '-')}.example/\n")
    (tmp_path / "europe/asleep.yaml").write_text("name: Z\nhomepage: https://z.example/\nenabled: false\n")
    (tmp_path / "europe/broken.yaml").write_text("name: B\n")
    return tmp_path


@pytest.mark.parametrize(
    ("names", "keys", "faults"),
    [
        ((), ["asia/alpha", "asia/beta", "europe/alpha"], 1),
        (("asia",), ["asia/alpha", "asia/beta"], 0),
        (("alpha",), ["asia/alpha", "europe/alpha"], 0),
        (("europe/alpha",), ["europe/alpha"], 0),
        (("europe",), ["europe/alpha"], 1),
        (("asia", "alpha"), ["asia/alpha", "asia/beta", "europe/alpha"], 0),
        (("asleep",), ["europe/asleep"], 0),
        (("broken",), [], 1),
    ],
)
def test_names_choose_regions_and_outlets(names: tuple[str, ...], keys: list[str], faults: int, regions: Path) -> None:
    loaded = load(regions, *names)
    assert [source.key for source in loaded.sources] == keys
    assert len(loaded.faults) == faults


@pytest.mark.parametrize(
    ("name", "near"), [("alfa", "alpha"), ("Asia", "asia"), ("asia/bet", "asia/beta"), ("xyz", "asia, europe")]
)
def test_an_unknown_name_lists_near_ones(name: str, near: str, regions: Path) -> None:
    with pytest.raises(UnknownSource, match=near):
        load(regions, "asia", name)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnknownSource, match="no such folder"):
        load(tmp_path / "none")


@given(st.text(max_size=200))
def test_no_text_of_a_file_raises(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = write(tmp_path_factory.mktemp("sources"), bad=text.encode("utf-8", "replace").decode())
    loaded = load(folder)
    assert len(loaded.sources) + bool(loaded.faults) == 1


@pytest.mark.parametrize(
    ("pattern", "url", "expected"),
    [
        (r"^/news/\d+", "https://paper.example/news/12", True),
        (r"^/news/\d+", "https://paper.example/ru/news/12", False),
        (r"\?id=\d+$", "https://paper.example/show?id=5", True),
        (r"://en\.paper\.example/", "https://en.paper.example/x", True),
        (r"://en\.paper\.example/", "https://paper.example/x", False),
        (r"(?:[a-z]++/)+x", "https://paper.example/a/b/x", True),
        (r"^/\d{4}/\d{2}/[\w-]+", "https://paper.example/2022/04/x-y", True),
    ],
)
def test_patterns_are_sought_in_the_path_or_the_whole_address(pattern: str, url: str, expected: bool) -> None:
    assert Source(key="r/p", name="P", homepage="https://paper.example/", articles=pattern).is_article(url) is expected


@pytest.mark.parametrize(
    "pattern", ["(a+)+", "(a|a)*b", "(?:a|ab)+$", "((a*)b)*", "(a+){30}", "(x{1,9}){2,}", "(?P<n>\\w+-?)*$"]
)
def test_patterns_that_never_end_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="for ever"):
        Source(key="r/p", name="P", homepage="https://paper.example/", articles=pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "^/(news|articles)/\\d+",
        "/a/(?:[^/]+/)?\\d+\\.html",
        "[*+]{1}(x)",
        "\\(a+\\)+",
        "(?:[a-z]++/)+",
        "(ab)+",
        "^/.*-\\d+.*$",
        "[)(]+",
    ],
)
def test_ordinary_patterns_are_taken(pattern: str) -> None:
    assert Source(key="r/p", name="P", homepage="https://paper.example/", articles=pattern).articles == (pattern,)


def test_without_a_pattern_nothing_is_said_of_an_address() -> None:
    assert Source(key="r/p", name="P", homepage="https://paper.example/").is_article("https://paper.example/a") is None


# What ships


def shipped_files() -> list[Path]:
    return sorted(SHIPPED.glob("*/*.yaml"))


@pytest.mark.parametrize("path", shipped_files(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_shipped_source_is_valid(path: Path) -> None:
    loaded = load(SHIPPED, f"{path.parent.name}/{path.stem}")
    assert not loaded.faults, str(loaded.faults[0])
    assert len(loaded.sources) == 1


OUTLETS = """
intellinews.com akipress.com 24.kg kloop.kg kaktus.media gazeta.uz kun.uz podrobno.uz fergana.news asiaplustj.info
avesta.tj tengrinews.kz zakon.kz vlast.kz turkmen.news hronikatm.com tolonews.com khaama.com pajhwok.com amu.tv
8am.media eurasianet.org thediplomat.com timesca.com cabar.asia ozodlik.org azattyk.org azattyq.org ozodi.org
azathabar.com gandhara.rferl.org da.azadiradio.com pa.azadiradio.com bbc.com/uzbek bbc.com/kyrgyz bbc.com/persian
bbc.com/pashto uz.usembassy.gov kg.usembassy.gov tj.usembassy.gov kz.usembassy.gov
"""


@pytest.mark.parametrize("host", OUTLETS.split())
def test_the_outlets_of_the_region_ship(host: str) -> None:
    homepages = [source.homepage for source in load(SHIPPED, "central-asia").sources]
    assert [h for h in homepages if re.match(rf"https://(www\.)?{re.escape(host)}(/|$)", h)]


def test_no_page_belongs_to_two_shipped_sources() -> None:
    from crawler.urls import within

    sources = load(SHIPPED).sources
    for source in sources:
        owners = [other.key for other in sources if within(other, source.homepage.rstrip("/") + "/2022/04/21/a-story")]
        assert owners == [source.key]


# The documentation


def examples() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", DOCS.read_text("utf-8"), re.S)


def test_the_examples_of_the_documentation_load(tmp_path: Path) -> None:
    for number, example in enumerate(examples()):
        write(tmp_path, **{f"example{number}": example})
    loaded = load(tmp_path, environ={"VESTNIK_PROXY_PASSWORD": "x"})
    assert not loaded.faults, str(loaded.faults[0])
    assert len(loaded.sources) == len(examples()) == 2


def test_every_key_is_documented_and_stands_in_the_example() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", DOCS.read_text("utf-8"), re.M)
    assert sorted(documented) == sorted(KEYS)
    assert set(yaml.safe_load(examples()[1])) == set(KEYS)
