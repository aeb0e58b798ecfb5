SELECT s.arm, o.visit_month, count(*) AS visits, avg(o.updrs_total) AS mean_updrs, stddev(o.updrs_total) AS sd
FROM outcomes o JOIN subjects s ON s.subject_id = o.subject_id
GROUP BY s.arm, o.visit_month
ORDER BY s.arm, o.visit_month
