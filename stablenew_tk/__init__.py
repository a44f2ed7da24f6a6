"""StableNew: run prompt packs, rate the pictures with one key, learn which settings really work.

The map of the house. Imports go down only: a package may use what stands below it here, and inside a package a
module may use what stands before it in its line. tests/test_architecture.py reads this list and holds it.

    __main__    one door: command line or window
    cli         arguments of the terminal
    commands    terminal lookup session recommended expanding run ratings records checks packs from_image profiles draft
                learn
                insights presets
    gui         theme icons stars tips widgets controls scrollbar lists fields textfield popups keysheet origins form
                phrases
                keys shortcuts layout pick thumbs cells grid viewer chips hints filters rating rules fullsize papers
                suspicion portrait values inspector review lora_hints pack_panel seeds stage_cards preview preset_menu
                value_sources added_line variation create
                added_texts settings welcome axis plan_sketch focus_words wizard_draft wizard_terms wizard_steps
                wizard_own
                wizard_prompt wizard_focus wizard_values wizard_seeds wizard_design wizard_words wizard_bar wizard
                dots blind matrix_cell matrix_words matrix big_picture rating_head seat_words rating_large rating_rules
                rating_verdict rating_view plan_state plan_card plan_list learn
                chart tag_bars filmstrip findings insight_list insight_shelf hint_table verdict_head insight_deeds
                insight_panel insights
                model_words model_shelf model_table model_list model_sheet model_known model_panel model_plan
                model_draft model_form model_editor model_lora_editor models
                textfield pack_paint pack_gutter pack_text pack_offers pack_complete pack_drafts pack_find
                notices pack_editor pack_list pack_check pack_tint pack_variants pack_axes pack_rows pack_randomizer
                pack_values pack_models pack_side pack_stock pack_prompts pack_looks recipe_sheet pack_deeds pack_saving
                pack_work packs drops arrivals page bars window selftest
    controller  the one application object, single-threaded
    pipeline    stamps events orders running outbox runner chores librarian packer hasher plan_lines learning workers
                models
                packs
    backends    base webui_http webui_payload webui_reply webui_survey webui_watch webui sketch_words sketch_brush
                sketch_things sketch_nature sketch_town sketch_paint sketch_finish sketch_retouch sketch_order
                sketch
    storage     places files settings json_text pack_sidecar pack_reading packs pack_writing waiting images image_text
                reveal lines replay journal checkpoint repair
                peek safetensors sidecar_parts sidecar_webui sidecar_civitai sidecar_tools profiles sidecars
                profile_writing model_hashes model_folders usual_shapes glance
                wildcards library_scan library_index library_entries library_names library mounts watcher
    domain      errors ids config parameters sweep infotext prompt pack_table global_texts variant job modes
                pack_settings
                dice template grammar expansion wildcards evenly sequence several
                mentions binding randomizer pack_check spans
                line
                plan record undo estimate columns feedback selection slim planbook history statistics verdict effects
                insight ridge board association tried tag_rates over_time report insight_document base_config plan_file
                spellings recipe recipe_webui recipe_workflow recipe_graph recipe_tools recipe_reading pack_block
                profile_fields pack_fields pack_import profile style priors learned defaults
"""

__version__ = "0.1.0"
