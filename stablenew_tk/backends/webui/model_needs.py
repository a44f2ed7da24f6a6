"""What a family of models needs from a WebUI: text encoders and VAE, distilled guidance, shift, each in the field or
setting in which this kind of server takes it.
"""

from __future__ import annotations

from difflib import get_close_matches

from ...domain.base.errors import Refused
from ...domain.config.styles import style_names
from ...domain.models.families import Family, files_for
from ...domain.models.idle_settings import GUIDANCE, SHIFT, idle_settings
from ..base import StageOrder
from .server_facts import AUTOMATIC, MODULES, NEW_MODULES, ServerFacts, base_names

Body = dict[str, object]
# Forge's guidance for Flux. Forge Neo takes the shift of some families in the same field.
DISTILLED = "distilled_cfg_scale"
_NEO, _SDNEXT = "forge-neo", "sdnext"
_SDNEXT_SHIFT, _SDNEXT_ENCODER = "schedulers_shift", "sd_text_encoder"
_SDNEXT_PREDICTION, _SDNEXT_ZERO_SNR = "schedulers_prediction_type", "schedulers_rescale_betas"


def check_models(order: StageOrder, facts: ServerFacts) -> None:
    """Raise Refused for a guidance, a shift or text encoders that this server cannot be given."""
    config, family = order.config, order.known_family()
    idle = idle_settings(family, config)
    name = facts.name
    if config.txt2img.guidance and GUIDANCE not in idle and not takes_guidance(facts, family):
        raise Refused(f"{GUIDANCE}: {name} has no guidance beside CFG. Set it to 0 (= model's own).")
    if config.txt2img.shift and SHIFT not in idle and not takes_shift(facts, family):
        which = f" for {family.title}" if family.id else ""
        raise Refused(f"{SHIFT}: {name} cannot be told a shift{which}. Set it to 0 (= model's own).")
    if config.text_encoders:
        _check_encoders(config.text_encoders, facts)


def _check_encoders(written: str, facts: ServerFacts) -> None:
    if not (facts.is_forge or _SDNEXT_ENCODER in facts.options):
        raise Refused(f"text_encoders: {facts.name} takes no text encoders with a request. Leave it empty.")
    if not facts.is_forge:
        return
    for one in style_names(written, sorted(facts.encoders)):
        if one not in facts.encoders:
            near = get_close_matches(one, facts.encoders, 3, 0.4) or sorted(facts.encoders)[:6]
            raise Refused(
                f"text_encoders: {facts.name} has no {one!r}. It has {', '.join(near) or 'none'}.{NEW_MODULES}"
            )


def takes_guidance(facts: ServerFacts, family: Family) -> bool:
    """Whether a request can bring a guidance beside CFG: a field of Forge; SD.Next takes it in place of CFG."""
    return (DISTILLED in facts.txt2img and not family.neo_shift) or (facts.kind == _SDNEXT and family.guidance)


def takes_shift(facts: ServerFacts, family: Family) -> bool:
    """Whether a request can bring a shift for this family."""
    by_field = facts.kind == _NEO and family.neo_shift and DISTILLED in facts.txt2img
    return by_field or _SDNEXT_SHIFT in facts.options


def family_features(facts: ServerFacts) -> dict[str, bool]:
    """The features of `Capabilities` that tell whether the server can be given guidance, shift and prediction."""
    by_field = DISTILLED in facts.txt2img
    return {
        "guidance": by_field or facts.kind == _SDNEXT,
        "shift": _SDNEXT_SHIFT in facts.options,
        "shift_for_some": facts.kind == _NEO and by_field,
        "prediction": _SDNEXT_PREDICTION in facts.options,
    }


def distilled(order: StageOrder, facts: ServerFacts) -> Body:
    """The fields for guidance or shift; {} where the server is to use its own, or they mean nothing."""
    first, family = order.config.txt2img, order.known_family()
    idle = idle_settings(family, order.config)
    if first.shift and SHIFT not in idle and facts.kind == _NEO and family.neo_shift:
        return {DISTILLED: first.shift}
    if not first.guidance or GUIDANCE in idle:
        return {}
    return {"cfg_scale": first.guidance} if facts.kind == _SDNEXT else {DISTILLED: first.guidance}


def own_models(order: StageOrder, facts: ServerFacts) -> Body:
    """The settings for VAE, text encoders and, on SD.Next, shift and prediction."""
    config = order.config
    wanted: Body = {}
    if facts.is_forge:
        modules = _modules(order, facts)
        return {} if modules is None else {MODULES: modules}
    wanted["sd_vae"] = config.vae
    if config.text_encoders:
        wanted[_SDNEXT_ENCODER] = config.text_encoders
    if config.txt2img.shift and SHIFT not in idle_settings(order.known_family(), config):
        wanted[_SDNEXT_SHIFT] = config.txt2img.shift
    prediction = order.known_family().prediction
    if prediction in ("v", "v zsnr"):
        wanted |= {_SDNEXT_PREDICTION: "v_prediction", _SDNEXT_ZERO_SNR: prediction == "v zsnr"}
    return wanted


def _modules(order: StageOrder, facts: ServerFacts) -> list[str] | None:
    """VAE and text encoders for Forge; None leaves those of its settings.

    They must come with each checkpoint: what is set there may be those of another family, with which nothing works.
    """
    config, family = order.config, order.known_family()
    current = facts.options.get(MODULES)
    set_there = base_names(current if isinstance(current, list) else ())
    encoders = [name for name in set_there if name in facts.encoders]
    vae = None if config.vae == AUTOMATIC else [] if config.vae == "None" else [config.vae]
    if config.text_encoders:
        chosen: list[str] | None = list(style_names(config.text_encoders, sorted(facts.encoders)))
    else:
        chosen = _needed(family, facts)
    if chosen is None:
        return None if vae is None else [*vae, *encoders]
    if vae is None:
        own = files_for("|".join(family.vae), facts.vaes)[:1] if family.text_encoders else ()
        vae = [*own] if own else [name for name in set_there if name not in facts.encoders and family.text_encoders]
    if not chosen and not vae and not encoders:
        # A whole checkpoint of a family that needs nothing, and nothing is set there.
        return None if config.vae == AUTOMATIC else []
    return [*vae, *chosen]


def _needed(family: Family, facts: ServerFacts) -> list[str] | None:
    """The text encoders that a family needs; [] where it has its own, None where that is not known or not there."""
    if not family.id:
        return None
    found = [files_for(need, sorted(facts.encoders))[:1] for need in family.text_encoders]
    return None if () in found else [one[0] for one in found]


def left_out(order: StageOrder) -> tuple[str, ...]:
    """Sentences about values that mean nothing with the family, and were not sent."""
    config = order.config
    idle = idle_settings(order.known_family(), config)
    asked = {GUIDANCE: config.txt2img.guidance, SHIFT: config.txt2img.shift}
    return tuple(f"{path}: it was left out. {idle[path]}" for path, value in asked.items() if value and path in idle)
