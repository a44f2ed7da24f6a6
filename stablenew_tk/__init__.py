"""StableNew: run prompt packs, rate the pictures with one key, learn which settings really work.

The map, top storey first: a room, what is in it, and what it may import. Imports go down only. A name stands for the
room and every room inside it, or for one module. tests/test_architecture.py reads this table and enforces it.

    __main__            starts the program                               cli
    cli                 arguments of the terminal                        commands app domain.base storage.settings
                                                                         storage.disk.places storage.disk.unpacked
                                                                         storage.log_file
                                                                         gui.opening gui.selftest gui.start_question
                                                                         gui.screen_faults gui.window_probe
                                                                         gui.start_failure gui.font_cache
    commands.records    terminal commands: the journal                   commands app pipeline.ids_and_times storage
                                                                         domain
    commands            terminal commands                                app pipeline.messages pipeline.ids_and_times
                                                                         pipeline.cluster backends.base backends.sketch
                                                                         storage domain

    gui                 the window and its frame                         GUI gui.create gui.review gui.learn
                                                                         gui.workflow
                                                                         gui.insights gui.models gui.packs gui.settings
                                                                         gui.nodes
    gui.create          page: pack, settings, Run                        GUI
    gui.review          page: all pictures, stars by key                 GUI
    gui.learn           page: Learning Runs                              GUI gui.learn.wizard gui.learn.rating
    gui.learn.wizard    sets up a Learning Run                           GUI
    gui.learn.rating    blind rating of a Learning Run                   GUI
    gui.insights        page: what the ratings prove                     GUI
    gui.models          page: checkpoints, LoRAs, profiles               GUI
    gui.packs           page: editor for prompt packs                    GUI
    gui.settings        page: settings, welcome                          GUI
    gui.nodes           page: the machines that make pictures            GUI
    gui.workflow        page: what is in a workflow, import it           GUI
    gui.forms           form of all parameters, "Why this value?"        gui.widgets app VALUES domain
    gui.widgets         theme, buttons, fields, lists, picture grid      VALUES domain

    app.start           a start: its folder, its one window, self-test  app app.engines pipeline backends.sdserver
                                                                         storage domain
    app.crash           the report of a mistake, without private words   pipeline domain
    app.learn           plan states, wizard texts, rating session        app app.nodes app.engines app.create VALUES
                                                                         domain
    app.insights        reports, list, buttons of a verdict              app app.create VALUES domain
    app.create          chosen pack, form values, next run               app app.nodes app.engines VALUES domain
    app.review          search results, text of a record                 app VALUES domain
    app.models          facts about models, search                       app VALUES domain
    app.packs           open pack, drafts, texts                         app VALUES domain
    app                 state on the main thread: the controller         app.nodes app.runs app.engines pipeline
                                                                         backends storage domain
    app.nodes           machines: threads, states, who makes what        app.engines pipeline backends.base domain
    app.runs            Learning Runs, the queue, lines being written    app.engines pipeline backends.base storage
                                                                         domain
    app.engines         the engine in force, servers of this computer    pipeline pipeline.cluster backends storage
                                                                         domain
    pipeline.cluster    Dask: scheduler, worker, the operator's end      pipeline pipeline.messages backends.base
                                                                         backends.decoding storage.cluster storage.disk
                                                                         storage.pictures domain
    pipeline            worker threads that run jobs and orders          pipeline.messages backends.base storage domain
    pipeline.messages   orders to the threads, their answers (events)    backends.base storage domain
    backends.sketch     engine: paints simple pictures here              backends.base backends.generation_text
                                                                         domain
    backends.remote     engine: whatever answers at an address           backends.webui backends.comfyui
                                                                         backends.base backends.transport
                                                                         backends.certificates domain
    backends.sdserver   engine: an sd-server program started here        backends.webui backends.base
                                                                         backends.transport domain
    backends.webui      engine: A1111 family over HTTP                   backends.base backends.transport
                                                                         backends.decoding backends.pictures domain
    backends.comfyui    engine: ComfyUI over HTTP and a socket           backends.base backends.transport
                                                                         backends.pictures backends.generation_text
                                                                         backends.decoding backends.certificates domain
    backends            the contract of all engines                      domain

    storage             settings, waiting jobs, log, watcher, lock      storage.models storage.disk domain
    storage.journal     records and ratings, only ever added to          storage.disk domain
    storage.models      model folders, headers, sidecars of all tools    storage.disk domain
    storage.packs       prompt packs, wildcards                          storage.disk domain
    storage.workflows   workflows of ComfyUI, files and in pictures      storage.pictures storage.disk domain
    storage.cluster     keys, pairing files, finished jobs of a worker   storage.programs storage.disk domain.base
    storage.programs    programs of others, menu entry, licences         storage.disk domain
    storage.pictures    pictures, thumbnails, text inside pictures       storage.disk domain
    storage.disk        places, safe writing                             domain.base

    domain.cards        verdicts to show around, as pictures and pages   domain.insights domain.experiments
                                                                         domain.journal domain.models domain.recipes
                                                                         domain.runs BASICS
    domain.insights     verdicts and reports                             domain.insights.model domain.journal
                                                                         domain.models domain.runs BASICS
    domain.insights.model  posterior of stars and votes, false hints     domain.runs BASICS
    domain.experiments  the design of Learning Runs                      domain.journal domain.models domain.runs BASICS
    domain.journal      lines of the journal, history                    domain.runs domain.models domain.recipes
                                                                         BASICS
    domain.nodes        which machine makes which job                    BASICS
    domain.runs         jobs and plans                                   domain.prompts domain.models BASICS
    domain.models       profiles, styles, which source wins a value      BASICS
    domain.workflows    the user's own workflows of ComfyUI               domain.recipes BASICS
    domain.recipes      settings inside pictures of any tool             BASICS
    domain.prompts      packs, prompt syntax, randomizer                 BASICS
    domain.config       PipelineConfig, its parameters, sweeps           domain.base
    domain.base         errors, ids, statistics, key presses             nothing
    domain              pure values: no file, socket, clock or Tk        nothing

    GUI                 short for                                        gui.forms gui.widgets app VALUES domain
    VALUES              short for                                        pipeline.messages backends.base
                                                                         storage.workflows.catalog
                                                                         storage.models.model_entry
                                                                         storage.packs.pack_file
    BASICS              short for                                        domain.config domain.base
"""

__version__ = "0.6.0"
