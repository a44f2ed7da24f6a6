"""StableNew: run prompt packs, rate the pictures with one key, learn which settings really work.

The map of the house. Imports go down only: a package may use what stands below it here, and inside a package a
module may use what stands before it in its line. tests/test_architecture.py reads this list and holds it.

    __main__    one door: command line or window
    cli         arguments of the terminal
    commands    terminal checks ratings records run
    gui         keys layout phrases pick theme icons scrollbar shortcuts thumbs tips stars widgets cells controls
                fields lists notices papers suspicion viewer chips grid hints pack_panel popups rating settings bars
                filters fullsize origins portrait preview rules welcome form values inspector seeds stage_cards
                create review window selftest
    controller  the one application object, single-threaded
    pipeline    events runner chores workers
    backends    base sketch_finish sketch_retouch sketch_words webui_http sketch_brush sketch_order webui_payload
                sketch_things webui_reply webui_survey sketch_nature webui_watch sketch_town webui sketch_paint
                sketch
    storage     files places reveal images lines packs settings waiting journal replay checkpoint repair
    domain      config errors ids prompt selection undo columns parameters infotext job defaults record estimate
                feedback history
"""

__version__ = "0.1.0"
