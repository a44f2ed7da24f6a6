"""The append-only journal of records and ratings on disk. Start at `writer.LearningRecordWriter`."""
