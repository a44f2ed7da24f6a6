"""Files on disk: settings and pending jobs; the folder watcher; rooms for journal, models, packs and pictures."""
