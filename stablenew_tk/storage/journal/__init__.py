"""The append-only journal of records and ratings. The door is `writer.LearningRecordWriter`."""
