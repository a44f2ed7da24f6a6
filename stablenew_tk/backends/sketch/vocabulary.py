"""Parses a prompt for the sketch engine with a small vocabulary of places, light, weather, objects and colours.

Unknown words change colours and shapes, so that any change of a prompt is visible.
"""

from __future__ import annotations

import hashlib
import re

from msgspec import Struct

RGB = tuple[int, int, int]

_GROUNDS = {
    "sea": "sea ocean beach coast harbour harbor lake water river waves island shore bay",
    "mountain": "mountain mountains peak alps cliff valley valleys canyon volcano rocks",
    "city": "city street town alley skyline skyscraper neon cyberpunk urban building buildings road market",
    "forest": "forest wood woods jungle pine pines grove",
    "field": "field meadow garden hills hill park countryside farm grass landscape green village",
    "desert": "desert dune dunes sand savanna mars",
    "room": "room window kitchen interior bedroom cafe library sill indoors studio",
}
_LIGHTS = {
    "dawn": "dawn sunrise morning pale",
    "sunset": "sunset dusk evening golden twilight",
    "night": "night midnight moonlight moonlit starry",
    "grey": "overcast grey gray stormy storm gloomy",
    "day": "day daylight noon bright sunny summer",
}
_WEATHER = {
    "rain": "rain rainy drizzle wet storm",
    "snow": "snow snowy snowfall blizzard winter",
    "mist": "mist misty fog foggy haze",
    "clouds": "cloud clouds cloudy overcast",
    "stars": "stars starry galaxy milky",
}
_THINGS = {
    "boat": "boat boats sailboat ship yacht sailing",
    "lighthouse": "lighthouse",
    "tram": "tram trams train bus streetcar",
    "cat": "cat cats kitten kitty",
    "person": "portrait woman man girl boy person face gardener wizard knight hero warrior astronaut robot princess",
    "bird": "bird birds seagull seagulls gulls raven swallows",
    "balloon": "balloon balloons airship",
    "house": "house houses cottage cabin farmhouse hut",
    "castle": "castle tower fortress palace",
    "tree": "tree trees oak cherry blossom",
    "flower": "flower flowers rose roses tulip tulips sunflower bouquet",
    "umbrella": "umbrella umbrellas parasol",
    "bridge": "bridge viaduct",
    "lamp": "lamp lantern candle lights",
}
_COLOURS: dict[str, RGB] = {
    "red": (214, 62, 54),
    "orange": (238, 134, 50),
    "ginger": (226, 138, 64),
    "yellow": (246, 206, 70),
    "gold": (240, 190, 72),
    "green": (84, 160, 92),
    "teal": (34, 146, 150),
    "blue": (64, 118, 206),
    "purple": (130, 84, 176),
    "violet": (142, 96, 200),
    "pink": (240, 136, 164),
    "brown": (140, 94, 66),
    "white": (246, 242, 232),
    "black": (44, 42, 52),
    "silver": (188, 194, 204),
}
_STYLES = {
    "pastel": "pastel watercolor watercolour soft cosy",
    "vivid": "vivid neon vibrant colourful colorful cyberpunk",
    "mono": "monochrome noir greyscale grayscale",
}
_HOME = {"boat": "sea", "lighthouse": "sea", "tram": "city", "umbrella": "city", "cat": "room", "lamp": "room"}
# Grounds and lights that a prompt without such a word may fall upon.
_ANY_GROUND = ("mountain", "field", "sea", "forest", "desert")
_ANY_LIGHT = ("day", "dawn", "sunset", "day")


def _index(table: dict[str, str]) -> dict[str, str]:
    return {word: meaning for meaning, words in table.items() for word in words.split()}


_GROUND_OF, _LIGHT_OF, _THING_OF, _STYLE_OF = map(_index, (_GROUNDS, _LIGHTS, _THINGS, _STYLES))
_WEATHER_OF = [(meaning, set(words.split())) for meaning, words in _WEATHER.items()]


class Scene(Struct, frozen=True):
    """Content of a picture. `behind` is a second ground in the distance; `taste` 0–1 is a hash of all words."""

    ground: str
    behind: str
    light: str
    weather: frozenset[str]
    things: tuple[str, ...]
    colours: tuple[RGB, ...]
    styles: frozenset[str]
    taste: float
    taste_of_shapes: float


def read_scene(prompt: str, negative: str) -> Scene:
    """The scene of a prompt. Words of the negative prompt are taken out of it."""
    banned = set(_words(negative))
    words = [word for word in _words(prompt) if word not in banned]
    digest = hashlib.sha256(f"{prompt.strip()}\0{negative.strip()}".encode("utf-8", "replace")).digest()
    things = _unique([_THING_OF[word] for word in words if word in _THING_OF])
    grounds = _unique([_GROUND_OF[word] for word in words if word in _GROUND_OF])
    homes = [_HOME[thing] for thing in things if thing in _HOME]
    if "room" in grounds:
        grounds.sort(key=lambda ground: ground != "room")
    if not grounds:
        grounds = homes[:1] or [_ANY_GROUND[digest[0] % len(_ANY_GROUND)]]
    lights = [_LIGHT_OF[word] for word in words if word in _LIGHT_OF]
    return Scene(
        ground=grounds[0],
        behind=grounds[1] if len(grounds) > 1 else "",
        light=_strongest(lights) or _ANY_LIGHT[digest[1] % len(_ANY_LIGHT)],
        weather=frozenset(meaning for meaning, known in _WEATHER_OF if known & set(words)),
        things=tuple(things),
        colours=tuple(_COLOURS[word] for word in words if word in _COLOURS),
        styles=frozenset(_STYLE_OF[word] for word in words if word in _STYLE_OF),
        taste=digest[2] / 255,
        taste_of_shapes=digest[3] / 255,
    )


def _words(text: str) -> list[str]:
    # Tags such as <lora:name:0.8> name a file, not something to be seen.
    return re.findall(r"[^\W\d_]+", re.sub(r"<[^>]*>", " ", text.casefold()))


def _unique(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _strongest(lights: list[str]) -> str:
    """Night beats everything (city lights at night), then the word that comes first."""
    return "night" if "night" in lights else next(iter(lights), "")
