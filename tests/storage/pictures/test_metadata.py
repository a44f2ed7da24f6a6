"""The texts inside picture files, in every place that tools put them; damage ends in sentences."""

from __future__ import annotations

import gzip
import io
import json
import random
import time
import tracemalloc
import zlib

import pytest
from conftest import PATIENCE_S
from PIL import Image, PngImagePlugin
from workflows import two_passes

from stablenew_tk.domain.base.errors import InvalidInput, Unreadable
from stablenew_tk.domain.config.catalogue import catalogue
from stablenew_tk.storage.pictures.metadata import read_recipe, read_texts

TEXT = "a boat\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x768"
OTHER = TEXT.replace("a boat", "船、海の上")
LOSSY = ("JPEG", "WEBP", "AVIF")


def picture(kind="PNG", size=(32, 24), mode="RGB", **options):
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(out, kind, **options)
    return out.getvalue()


def png(*texts, **options):
    info = PngImagePlugin.PngInfo()
    for key, text in texts:
        info.add_text(key, text, **options)
    return picture(pnginfo=info)


def exif(user_comment=None, **tags):
    block = Image.Exif()
    for tag, value in tags.items():
        block[int(tag.removeprefix("tag_"), 16)] = value
    if user_comment is not None:
        block.get_ifd(0x8769)[0x9286] = user_comment
    return block.tobytes()


@pytest.fixture
def saved(tmp_path):
    def save(data, name="a.png"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return save


def chunk(kind, body):
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


class TestPNG:
    @pytest.mark.parametrize("text", [TEXT, OTHER])
    @pytest.mark.parametrize("packed", [False, True])
    def test_text_chunks_are_read_plain_packed_and_in_any_script(self, saved, text, packed):
        path = saved(png(("parameters", text), zip=packed))
        assert read_texts(path) == {"parameters": text}
        assert read_recipe(path).infotext == text

    def test_international_chunks_are_read(self, saved):
        info = PngImagePlugin.PngInfo()
        info.add_itxt("parameters", OTHER, zip=True)
        assert read_texts(saved(picture(pnginfo=info))) == {"parameters": OTHER}

    @pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
    def test_text_behind_the_pixels_is_read(self, saved, kind):
        bodies = {
            b"tEXt": b"parameters\0" + TEXT.encode(),
            b"zTXt": b"parameters\0\0" + zlib.compress(TEXT.encode()),
            b"iTXt": b"parameters\0\0\0\0\0" + TEXT.encode(),
        }
        data = picture()
        assert read_texts(saved(data[:-12] + chunk(kind, bodies[kind]) + data[-12:])) == {"parameters": TEXT}

    def test_text_in_utf_8_where_the_standard_says_latin_1_is_read(self, saved):
        data = picture()
        assert read_texts(saved(data[:33] + chunk(b"tEXt", b"parameters\0" + OTHER.encode()) + data[33:])) == {
            "parameters": OTHER
        }

    def test_ratings_and_other_texts_are_no_recipe(self, saved):
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", f"<x>{TEXT}</x>")
        info.add_text("Author", "me")
        path = saved(picture(pnginfo=info))
        assert read_texts(path) == {"Author": "me"}
        with pytest.raises(InvalidInput, match=r"a\.png: Nothing in the picture .* other texts only: Author\."):
            read_recipe(path)

    def test_a_workflow_is_read(self, saved):
        found = read_recipe(saved(png(("prompt", json.dumps(two_passes())), ("workflow", "{}"))))
        assert (found.tool, found.seed) == ("ComfyUI", 77)

    def test_text_before_the_damage_is_worth_having(self, saved):
        data = png(("parameters", TEXT))
        assert read_recipe(saved(data[:-40])).seed == 5

    def test_an_empty_picture_file_is_refused_as_broken(self, saved):
        with pytest.raises(Unreadable, match="damaged"):
            read_recipe(saved(picture()[:60]))


class TestExif:
    @pytest.mark.parametrize("kind", [*LOSSY, "PNG"])
    @pytest.mark.parametrize(
        ("head", "coding"),
        [
            *(
                (b"UNICODE\0", "utf-16-be"),
                (b"UNICODE\0", "utf-16-le"),
                (b"UNICODE\0", "utf-16"),
                (b"UNICODE\0", "utf-8"),
            ),
            *((b"ASCII\0\0\0", "utf-8"), (b"\0" * 8, "utf-8"), (b"", "utf-8"), (b"JIS\0\0\0\0\0", "iso2022_jp")),
            # What a comment says of its letters is often wrong.
            *((b"ASCII\0\0\0", "utf-16-le"), (b"Unicode\0", "utf-16-le"), (b"", "utf-16-be"), (b"", "utf-16")),
        ],
    )
    def test_the_user_comment_is_read_in_all_its_codings(self, saved, kind, head, coding):
        for text in (TEXT, OTHER):
            path = saved(picture(kind, exif=exif(head + text.encode(coding) + b"\0\0")))
            assert read_texts(path) == {"UserComment": text}
            assert read_recipe(path).prompt == text.partition("\n")[0]

    def test_a_byte_for_each_letter_is_read_where_it_is_no_utf_8(self, saved):
        written = f"café {TEXT}".encode("cp1252")
        assert read_recipe(saved(picture("JPEG", exif=exif(b"ASCII\0\0\0" + written)))).prompt.startswith("café ")
        assert read_recipe(saved(picture("JPEG", comment=written))).prompt.startswith("café ")

    @pytest.mark.parametrize("kind", LOSSY)
    def test_comments_of_other_tools_are_read(self, saved, kind):
        swarm = json.dumps({"sui_image_params": {"prompt": "a boat", "seed": 4}})
        found = read_recipe(saved(picture(kind, exif=exif(b"UNICODE\0" + swarm.encode("utf-16-le")))))
        assert (found.tool, found.prompt, found.seed) == ("SwarmUI", "a boat", 4)

    def test_comfy_keeps_its_texts_in_the_tags_of_the_camera(self, saved):
        tags = exif(tag_0110=f"prompt:{json.dumps(two_passes())}", tag_010F='workflow:{"nodes": []}')
        path = saved(picture("WEBP", exif=tags), "a.webp")
        assert set(read_texts(path)) == {"prompt", "workflow"}
        assert read_recipe(path).seed == 77

    def test_the_words_before_the_texts_may_have_capitals(self, saved):
        tags = exif(tag_010F=f"Prompt:{json.dumps(two_passes())}", tag_010E='Workflow:{"nodes": []}')
        path = saved(picture("WEBP", exif=tags), "a.webp")
        assert set(read_texts(path)) == {"prompt", "workflow"}
        assert read_recipe(path).seed == 77

    @pytest.mark.parametrize("kind", LOSSY)
    def test_a_comment_among_the_plain_tags_is_read(self, saved, kind):
        tags = exif(tag_9286=b"UNICODE\0" + TEXT.encode("utf-16-be"))
        assert read_recipe(saved(picture(kind, exif=tags))).seed == 5

    @pytest.mark.parametrize("head", ["prompt:", "Prompt: ", 'Workflow:{"nodes": []}\nPrompt:'])
    def test_documents_with_their_names_before_them_may_stand_in_one_comment(self, saved, head):
        text = f"{head}{json.dumps(two_passes())}".encode("utf-16-be")
        assert read_recipe(saved(picture("JPEG", exif=exif(b"UNICODE\0" + text)))).seed == 77

    def test_a_camera_is_no_recipe(self, saved):
        path = saved(picture("JPEG", exif=exif(tag_0110="Camera 5", tag_010F="Maker")))
        assert read_texts(path) == {}
        with pytest.raises(InvalidInput, match="There is no text in the picture"):
            read_recipe(path)

    def test_descriptions_are_read(self, saved):
        assert read_recipe(saved(picture("JPEG", exif=exif(tag_010E=TEXT)))).seed == 5
        windows = TEXT.encode("utf-16-le") + b"\0\0"
        for tag in ("tag_9C9B", "tag_9C9C", "tag_9C9E", "tag_9C9F"):
            assert read_recipe(saved(picture("JPEG", exif=exif(**{tag: windows})))).seed == 5


@pytest.mark.parametrize(
    "tags",
    [
        {0x010E: TEXT},
        {0x010E: TEXT, 0x0103: 5},  # packed with LZW
        {0x9286: b"UNICODE\0" + TEXT.encode("utf-16-be")},
        {0x8769: {0x9286: b"ASCII\0\0\0" + TEXT.encode()}},
        {0x02BC: f"<x:xmpmeta><dc:description>{TEXT}</dc:description></x:xmpmeta>".encode()},
    ],
)
def test_the_tags_of_a_tiff_are_read(saved, tags):
    path = saved(picture("TIFF", tiffinfo=tags), "a.tif")
    assert read_recipe(path).seed == 5
    assert list(read_texts(path).values()) == [TEXT]


@pytest.mark.parametrize("kind", ["JPEG", "GIF"])
def test_comments_of_the_container_are_read(saved, kind):
    assert read_texts(saved(picture(kind, comment=TEXT.encode()))) == {"comment": TEXT}


def packet(comment):
    inner = comment.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description><exif:UserComment><rdf:Alt>'
        f'<rdf:li xml:lang="x-default">{inner}</rdf:li>'
        "</rdf:Alt></exif:UserComment></rdf:Description></rdf:RDF></x:xmpmeta>"
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_comment_of_an_xmp_packet_is_read(saved, kind):
    given = {
        "c": "a <fox> & b",
        "uc": "blur",
        "sampler": "Euler A",
        "steps": 20,
        "seed": 7,
        "scale": 5,
        "size": "64x128",
    }
    written = packet(json.dumps(given))
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", written)
        data = picture(pnginfo=info)
    else:
        data = picture(kind, xmp=written.encode())
    found = read_recipe(saved(data))
    assert (found.tool, found.prompt, found.negative, found.seed) == ("Draw Things", "a <fox> & b", "blur", 7)


@pytest.mark.parametrize(
    "inside",
    [
        '<rdf:Description exif:UserComment="{}"/>',
        "<rdf:Description><dc:description><rdf:Alt><rdf:li>{}</rdf:li></rdf:Alt></dc:description></rdf:Description>",
    ],
)
def test_other_places_of_an_xmp_packet_are_read(saved, inside):
    info = PngImagePlugin.PngInfo()
    written = inside.replace("{}", TEXT.replace("\n", "&#10;"))
    info.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta><rdf:RDF>{written}</rdf:RDF></x:xmpmeta>")
    assert read_recipe(saved(picture(pnginfo=info))).seed == 5


def test_each_value_of_a_png_may_be_a_text_of_its_own(saved):
    given = {"prompt": "a boat", "negative-prompt": "blur", "seed": "5", "steps": "20", "scale": "6.5"}
    found = read_recipe(saved(png(*given.items())))
    assert (found.prompt, found.negative, found.seed) == ("a boat", "blur", 5)
    assert found.values["txt2img.cfg_scale"] == 6.5


def test_an_animation_of_comfy_keeps_its_texts_in_chunks_of_its_own(saved):
    data = png()
    end = 8 + 25  # behind the header
    texts = chunk(b"comf", b"prompt\0" + json.dumps(two_passes()).encode())
    path = saved(data[:end] + texts + data[end:])
    assert set(read_texts(path)) == {"prompt"}
    assert read_recipe(path).seed == 77


def test_of_two_pictures_of_one_workflow_the_size_of_the_file_tells_which_it_is(saved):
    nodes = two_passes()
    nodes["first"] = {"class_type": "VAEDecode", "inputs": {"samples": ["sample", 0], "vae": ["vae", 0]}}
    nodes["base"] = {"class_type": "SaveImage", "inputs": {"images": ["first", 0]}}
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", json.dumps(nodes))
    assert "hires.enabled" not in read_recipe(saved(picture(size=(832, 1216), pnginfo=info))).values
    assert read_recipe(saved(picture(size=(1248, 1824), pnginfo=info))).values["hires.enabled"] is True


def with_hidden(text, packed, said=0, channels="A"):
    body = gzip.compress(text.encode()) if packed else text.encode()
    word = f"stealth_{'png' if channels == 'A' else 'rgb'}{'comp' if packed else 'info'}".encode()
    bits = "".join(f"{byte:08b}" for byte in word + (said or len(body) * 8).to_bytes(4, "big") + body)
    image = Image.new("RGBA" if channels == "A" else "RGB", (64, 80), (8, 8, 8, 255))
    for nth in range(0, len(bits), len(channels)):
        some = [int(bit) for bit in bits[nth : nth + len(channels)].ljust(len(channels), "0")]
        place = nth // len(channels)
        pixel = (8, 8, 8, 254 + some[0]) if channels == "A" else tuple(8 + bit for bit in some)
        image.putpixel((place // 80, place % 80), pixel)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


class TestHidden:
    @pytest.mark.parametrize("packed", [False, True])
    @pytest.mark.parametrize("channels", ["A", "RGB"])
    def test_text_in_the_lowest_bits_is_read(self, saved, packed, channels):
        assert read_recipe(saved(with_hidden(OTHER, packed, channels=channels))).prompt == "船、海の上"

    def test_novelai_hides_all_its_texts_there(self, saved):
        comment = json.dumps({"prompt": "a boat", "uc": "", "steps": 28})
        hidden = json.dumps({"Software": "NovelAI", "Comment": comment})
        assert read_recipe(saved(with_hidden(hidden, True))).tool == "NovelAI"

    def test_a_picture_that_only_begins_so_is_like_any_other(self, saved):
        odd = (
            with_hidden("x", True, 2**31),
            with_hidden("x", False, 8000),
            with_hidden("", False),
            picture(mode="RGBA"),
        )
        for data in odd:
            with pytest.raises(InvalidInput, match=r"^a\.png: "):
                read_recipe(saved(data))


def png_of(width, height):
    """A PNG that says it is large and is 57 bytes long."""
    head = chunk(b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0")
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"<html>no picture</html>", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", picture("BMP")),
        *(png_of(20_000, 20_000), png_of(9_400, 9_400), picture("PPM"), picture()[:20]),
        png(("parameters", "x" * 50_000_000), zip=True),
    ],
    ids=("empty", "html", "eps", "bmp", "bomb", "poster", "ppm", "torn", "text bomb"),
)
def test_what_is_no_picture_is_refused_in_words(saved, data):
    for read in (read_recipe, read_texts):
        with pytest.raises(Unreadable, match=r"^a\.png cannot be read: .+\.$"):
            read(saved(data))


def test_folders_and_missing_files_are_refused_in_words(tmp_path):
    for path in (tmp_path, tmp_path / "none.png"):
        with pytest.raises(Unreadable, match=path.name):
            read_recipe(path)


# ---- damage by chance


def originals():
    comfy = json.dumps(two_passes())
    swarm = json.dumps({"sui_image_params": {"prompt": "a boat", "seed": 4, "loras": ["a"], "loraweights": ["1"]}})
    yield png(("parameters", TEXT))
    yield png(("prompt", comfy), ("workflow", '{"nodes": [], "links": []}'))
    yield png(("parameters", swarm), zip=True)
    yield png(("Software", "NovelAI"), ("Comment", '{"prompt": "a", "uc": "b", "steps": 28, "scale": 5.0}'))
    yield png(("invokeai_metadata", '{"positive_prompt": "a", "seed": 1, "model": {"name": "x"}, "loras": []}'))
    yield with_hidden(TEXT, True)
    for kind in LOSSY:
        yield picture(kind, exif=exif(b"UNICODE\0" + TEXT.encode("utf-16-be"), tag_0110=f"prompt:{comfy}"))
    for kind in ("JPEG", "GIF"):
        yield picture(kind, comment=TEXT.encode())


ODD = (
    *(b"\0", b"\xff" * 4, b"{" * 3000, b'{"a":' * 3000, b"NaN", b"1e999", b"9" * 5000, b"\\ud800", b"[]", b"null"),
    *(b"Steps: ", b", Seed: ", b'"', b"Hires resize: 0x0", b'["sample", 0]', b"\x7f\xff\xff\xff", b"UNICODE\0"),
)


def mutated(data, rng):
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
            case 2:
                data = data[:at] + data[at + rng.randrange(40) :]
            case 3:
                data = data[:at] + data[at : at + rng.randrange(300)] + data[at:]
            case _:
                odd = rng.choice(ODD)
                data = data[:at] + odd + data[at + len(odd) * rng.randrange(2) :]
    return mended(data)


def mended(data):
    """A PNG with its sums made right again, so that the damage gets through to the reader."""
    if not data.startswith(b"\x89PNG"):
        return data
    out, at = data[:8], 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 8 : at + 8 + length]
        if len(body) < length:
            break
        out += chunk(data[at + 4 : at + 8], body)
        at += 12 + length
    return out + data[at:]


def outcome(path):
    """What came of it: only a recipe or one of two sentences may."""
    try:
        found = read_recipe(path)
    except (InvalidInput, Unreadable) as error:
        sentence = str(error)
        assert 10 < len(sentence) < 500
        assert sentence.endswith(".")
        return type(error).__name__
    assert set(found.values) <= set(catalogue())
    for text in (found.prompt, found.negative, found.infotext, *found.notices):
        text.encode("utf-8")
    return "Recipe"


def fuzz(path, count, seed):
    rng, whole, seen, slowest_s = random.Random(seed), list(originals()), set(), 0.0
    for _ in range(count):
        path.write_bytes(mutated(rng.choice(whole), rng))
        start = time.perf_counter()
        seen.add(outcome(path))
        slowest_s = max(slowest_s, time.perf_counter() - start)
    assert seen == {"Recipe", "InvalidInput", "Unreadable"}
    return slowest_s


# Pillow warns of EXIF that is a little wrong.
@pytest.mark.filterwarnings("ignore")
def test_six_hundred_damaged_pictures_give_a_recipe_or_a_sentence(tmp_path):
    assert fuzz(tmp_path / "a.png", 600, seed=3) < PATIENCE_S


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_hundred_thousand_damaged_pictures_do_so_in_steady_memory(tmp_path):
    fuzz(tmp_path / "a.png", 1_000, seed=1)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        assert fuzz(tmp_path / "a.png", 100_000, seed=2) < PATIENCE_S
        assert tracemalloc.get_traced_memory()[0] - before < 8_000_000
    finally:
        tracemalloc.stop()
