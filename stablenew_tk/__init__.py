"""StableNew: run prompt packs, rate the pictures with one key, learn which settings really work.

The map of the house. Imports go down only: a package may use what stands below it here, and inside a package a
module may use what stands before it in its line. tests/test_architecture.py reads this list and holds it.

    __main__    one door: command line or window
    cli         arguments of the terminal
    commands    terminal run ratings records checks
    gui         theme icons widgets popups lists stars form grid viewer inspector create review settings welcome window
    controller  the one application object, single-threaded
    pipeline    events runner chores workers
    backends    base sketch_words sketch_brush sketch_things sketch_finish sketch_paint sketch webui_http webui_payload webui_reply webui
    storage     places files settings packs waiting images reveal replay journal checkpoint repair
    domain      errors ids config parameters infotext prompt job defaults record undo estimate columns feedback selection history
"""

__version__ = "0.1.0"
