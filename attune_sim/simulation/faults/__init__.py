"""What goes wrong in a simulation: failing attempts and targets, outages, limits of a service. One file each."""
