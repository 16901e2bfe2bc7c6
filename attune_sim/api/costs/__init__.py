"""What any call or statement of Python takes and keeps alive, by the instruments that forks are measured with."""
