"""Random schedules of jobs, faults and clocks in virtual time, played on the real lease."""
