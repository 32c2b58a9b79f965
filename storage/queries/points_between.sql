-- Points of all series between two days, both included.
SELECT society, target, day, support, neutral, oppose, outlets, net_support, lower, upper, n_eff, state,
       net_support_per_story, lower_per_story, upper_per_story, n_eff_per_story,
       net_support_outlet_balanced, lower_outlet_balanced, upper_outlet_balanced, n_eff_outlet_balanced, withheld
FROM points FINAL
WHERE day >= %(first)s AND day <= %(last)s
ORDER BY society, target, day
