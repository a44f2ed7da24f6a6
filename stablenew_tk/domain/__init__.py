"""Values and arithmetic of the product: no file, socket, clock, thread, global random or Tk in here."""
