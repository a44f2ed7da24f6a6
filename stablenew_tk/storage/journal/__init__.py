"""The append-only journal of records and ratings. The entry point is `writer.LearningRecordWriter`."""
