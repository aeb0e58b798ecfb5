/**
 * Hostile SQL: reading what is not offered, rows in disguise, single people in aggregates, differences of two honest
 * answers, and statements without end.
 */
import { anything, type Attack, differs, dump, near, never, targetIncome, targetScore } from './attack.ts'
import { people, target } from './cohort.ts'

const incomes = people.map((p) => p.income)
const scores = people.map((p) => p.score)
const oldest = Math.max(...people.map((p) => p.age))
const sql = (
  name: string,
  about: string,
  code: string | string[],
  leaked: Attack['leaked'],
  more: Partial<Attack> = {},
): Attack => ({ name, about, language: 'sql', code: [code].flat(), leaked, ...more })
const refused = (name: string, about: string, code: string): Attack => sql(name, about, code, anything)

export const statements: Attack[] = [
  // What is not offered.
  refused('read-text', 'a file of the host', "SELECT count(*) FROM read_text('/etc/passwd')"),
  refused(
    'read-csv',
    'a file as a table',
    "SELECT count(*), sum(length(column0)) FROM read_csv('/etc/passwd', header=false)",
  ),
  refused('read-blob', 'any file', "SELECT sum(size) FROM read_blob('/etc/*')"),
  refused('glob', 'names of files', "SELECT count(*) FROM glob('/root/*')"),
  refused('file-as-table', 'a path in place of a table', "SELECT count(*) FROM '/etc/passwd'"),
  refused('parquet-path', 'the stored file itself', "SELECT count(*) FROM read_parquet('**/people.parquet')"),
  refused(
    'parquet-metadata',
    'statistics of the stored file',
    "SELECT max(stats_max) FROM parquet_metadata('people.parquet')",
  ),
  refused('copy-out', 'writing a file', "COPY people TO '/tmp/people.csv'"),
  refused('attach', 'another database', "ATTACH '/tmp/x.db' AS x"),
  refused('install', 'an extension', 'INSTALL httpfs'),
  refused('load', 'an extension from a path', "LOAD '/tmp/x.duckdb_extension'"),
  refused('pragma', 'settings', 'PRAGMA database_list'),
  refused('set', 'unlocking access', 'SET enable_external_access = true'),
  refused('getenv', 'the environment', "SELECT getenv('HOME'), count(*) FROM people"),
  refused('current-setting', 'paths in settings', "SELECT current_setting('temp_directory'), count(*) FROM people"),
  refused('duckdb-settings', 'all settings', 'SELECT count(value) FROM duckdb_settings()'),
  refused('duckdb-columns', 'columns that are not declared', 'SELECT string_agg(column_name) FROM duckdb_columns()'),
  refused('information-schema', 'the catalogue of the database', 'SELECT count(*) FROM information_schema.columns'),
  refused('sqlite-master', 'the catalogue by another name', 'SELECT count(*) FROM sqlite_master'),
  refused('stacked', 'two statements', 'SELECT count(*) FROM people; SELECT note FROM people'),
  refused(
    'comment-hides',
    'a statement behind a comment',
    'SELECT count(*) FROM people /* */; -- \nSELECT note FROM people',
  ),
  refused('insert', 'changing data', 'INSERT INTO people SELECT * FROM people'),
  refused('create-macro', 'a function of its own', 'CREATE MACRO f(x) AS x'),
  refused(
    'explain-analyze',
    'row counts in a plan',
    "EXPLAIN ANALYZE SELECT count(*) FROM people WHERE note LIKE 'zqa%'",
  ),
  refused('summarize', 'minima and maxima', 'SUMMARIZE people'),
  refused('describe', 'a description by value', 'DESCRIBE people'),
  refused('subject-number', 'the platform’s own column', 'SELECT __subject, count(*) FROM people GROUP BY 1'),
  // Rows in disguise.
  sql('star', 'all rows', 'SELECT * FROM people', anything),
  sql('columns', 'a few columns', 'SELECT income, score FROM people', anything),
  sql('star-count', 'rows beside a count', 'SELECT *, count(*) OVER () FROM people', anything),
  sql(
    'group-by-all',
    'one group a person',
    'SELECT income, score, count(*) FROM people GROUP BY ALL',
    dump(incomes, 0.02),
  ),
  sql(
    'group-by-subject',
    'one group a subject',
    'SELECT subject_id, avg(income) FROM people GROUP BY subject_id',
    dump(incomes, 0.02),
  ),
  sql('group-by-note', 'one group a note', 'SELECT note, count(*) FROM people GROUP BY note', anything),
  sql(
    'group-by-hash',
    'one group a hash',
    'SELECT hash(subject_id) % 1000 AS h, avg(income) FROM people GROUP BY 1',
    dump(incomes, 0.02),
  ),
  sql(
    'group-by-row-number',
    'one group a row',
    'SELECT row_number() OVER () AS i, avg(income) FROM people GROUP BY 1',
    dump(incomes, 0.02),
  ),
  sql('distinct', 'distinct values', 'SELECT DISTINCT income FROM people', anything),
  sql(
    'union',
    'rows behind an aggregate',
    'SELECT count(*) FROM people UNION ALL SELECT income FROM people',
    dump(incomes, 0.02),
  ),
  sql('string-agg', 'all notes as one text', "SELECT string_agg(note, ',') FROM people", anything),
  sql('list', 'all values as a list', 'SELECT list(income) FROM people', anything),
  sql('histogram-agg', 'all values as a map', 'SELECT histogram(income) FROM people', anything),
  sql('json-agg', 'all rows as JSON', 'SELECT json_group_array(note) FROM people', anything),
  sql('any-value', 'anybody’s value', 'SELECT any_value(income) FROM people', anything),
  sql('first', 'the first value', 'SELECT first(income ORDER BY subject_id) FROM people', anything),
  sql('arg-max', 'the note of the oldest', 'SELECT arg_max(note, age) FROM people', anything),
  sql(
    'max',
    'the largest',
    'SELECT max(age), min(score) FROM people',
    (s) => near(oldest, 0.01)(s) || near(Math.min(...scores), 0.01)(s),
  ),
  sql('mode', 'the most frequent', 'SELECT mode(income) FROM people', anything),
  sql('top-k', 'the three most frequent', 'SELECT approx_top_k(income, 3) FROM people', anything),
  sql(
    'quantile-0',
    'a minimum by another name',
    'SELECT quantile_cont(income, 0) FROM people',
    near(Math.min(...incomes), 5),
  ),
  sql(
    'quantile-many',
    'a hundred quantiles',
    `SELECT ${Array.from({ length: 100 }, (_, i) => `quantile_disc(income, ${(i + 0.5) / 100})`).join(', ')} FROM people`,
    dump(incomes, 0.05),
  ),
  sql(
    'reservoir',
    'a quantile that is a row',
    'SELECT reservoir_quantile(income, 0.5, 1) FROM people',
    dump(incomes, 0.005),
  ),
  sql('bit-xor', 'a sum that gives back a value', 'SELECT bit_xor(income::BIGINT) FROM people', anything),
  sql(
    'product',
    'a product that gives back a value',
    "SELECT product(CASE WHEN subject_id = 'P017' THEN income ELSE 1 END) FROM people",
    targetIncome,
  ),
  sql('unnest', 'rows from a list', 'SELECT unnest(list(income)) FROM people', anything),
  sql(
    'lateral',
    'a row beside each aggregate',
    'SELECT p.income, (SELECT count(*) FROM visits) FROM people p',
    anything,
  ),
  sql(
    'scalar-subquery',
    'one row as a scalar',
    "SELECT (SELECT income FROM people WHERE subject_id = 'P017'), count(*) FROM people",
    targetIncome,
  ),
  sql(
    'recursive',
    'a walk over rows',
    'WITH RECURSIVE w(i, v) AS (SELECT 0, 0.0 UNION ALL SELECT i + 1, (SELECT income FROM people OFFSET i LIMIT 1) FROM w WHERE i < 100) SELECT i, v FROM w',
    dump(incomes, 0.02),
  ),
  sql(
    'limit',
    'one group at a time',
    'SELECT age, avg(income) FROM people GROUP BY age ORDER BY avg(income) DESC LIMIT 1',
    anything,
  ),
  sql(
    'having',
    'groups of one',
    'SELECT age, score, count(*) FROM people GROUP BY age, score HAVING count(*) = 1',
    anything,
  ),
  sql('pivot', 'a column a person', 'PIVOT people ON subject_id USING sum(income)', dump(incomes, 0.02)),
  sql(
    'window',
    'a sum over one row',
    'SELECT sum(income) OVER (ORDER BY subject_id ROWS BETWEEN CURRENT ROW AND CURRENT ROW) FROM people',
    anything,
  ),
  sql('sample', 'a sample of one', 'SELECT avg(income) FROM people USING SAMPLE 1 ROWS', (s) =>
    incomes.some((v) => near(v, 0.5)(s)),
  ),
  sql(
    'values',
    'numbers that stand for people',
    "SELECT sum(v) FROM (VALUES (1), (2)) t(v), people WHERE subject_id = 'P017'",
    anything,
  ),
  // One person in an aggregate.
  sql('where-id', 'one subject by id', "SELECT avg(income) FROM people WHERE subject_id = 'P017'", targetIncome),
  sql(
    'where-score',
    'one subject by a value',
    'SELECT avg(income) FROM people WHERE score BETWEEN 61.86 AND 61.88',
    targetIncome,
  ),
  sql(
    'where-note',
    'one subject by a text',
    `SELECT count(*), avg(income) FROM people WHERE note LIKE '${target.note.slice(0, 5)}%'`,
    targetIncome,
  ),
  sql(
    'case',
    'a sum that counts one person only',
    "SELECT sum(CASE WHEN subject_id = 'P017' THEN income ELSE 0 END) FROM people",
    targetIncome,
  ),
  sql(
    'case-value',
    'the same without the id',
    'SELECT sum(CASE WHEN score = 61.87 THEN income ELSE 0 END) FROM people',
    targetIncome,
  ),
  sql(
    'filter',
    'a filter on an aggregate',
    'SELECT count(*), sum(income) FILTER (WHERE score = 61.87) FROM people',
    targetIncome,
  ),
  sql(
    'dominated',
    'a sum that one person makes up',
    'SELECT sum(income * CASE WHEN score = 61.87 THEN 1000000 ELSE 1 END) FROM people',
    (s) => s.numbers.flat().some((n) => Math.abs(n / 1e6 - target.income) < 60),
  ),
  sql(
    'average-weighted',
    'a mean that one person makes up',
    'SELECT sum(income * CASE WHEN score = 61.87 THEN 1000000 ELSE 1 END) / sum(CASE WHEN score = 61.87 THEN 1000000 ELSE 1 END) FROM people',
    targetIncome,
  ),
  sql(
    'power',
    'a sum dominated by a power',
    'SELECT sum(pow(income / 1000, 40)) FROM people WHERE income < 73600',
    (s) => s.numbers.flat().some((n) => Math.abs(1000 * n ** (1 / 40) - target.income) < 500),
  ),
  sql(
    'empty-cell',
    'whether a group is empty',
    "SELECT count(*) FROM people WHERE score = 61.87 AND smoker = 'yes'",
    anything,
  ),
  sql(
    'division',
    'an error if somebody smokes',
    "SELECT count(*) / (SELECT count(*) FROM people WHERE score = 61.87 AND smoker = 'yes') FROM people",
    (s) => /query-error/.test(s.text),
  ),
  sql('error-quotes', 'an error that quotes', "SELECT error(note) FROM people WHERE subject_id = 'P017'", anything),
  sql('cast-quotes', 'a conversion that quotes', 'SELECT sum(CAST(note AS INTEGER)) FROM people', anything),
  sql(
    'cast-branch',
    'a conversion that fails for one answer',
    "SELECT sum(CASE WHEN score = 61.87 AND smoker = 'yes' THEN CAST('x' AS INTEGER) ELSE 1 END) FROM people",
    (s) => /query-error/.test(s.text),
  ),
  sql('strptime', 'a date that quotes', "SELECT count(strptime(note, '%Y')) FROM people", anything),
  sql(
    'printf',
    'digits of many values in one',
    'SELECT sum(CASE WHEN score > 61 AND score < 62 THEN income ELSE 0 END) * 1e6 + count(*) FROM people',
    targetIncome,
  ),
  sql(
    'join-key',
    'a join that finds one person',
    'SELECT avg(v.reading) FROM visits v JOIN people p ON p.subject_id = v.subject_id WHERE p.score = 61.87',
    targetScore,
  ),
  sql(
    'many-rows',
    'three visits that look like three people',
    "SELECT count(*), avg(reading) FROM visits WHERE subject_id IN ('P017','P018','P019','P020')",
    anything,
  ),
  sql(
    'cross-join',
    'people multiplied to look like many',
    "SELECT count(*), avg(a.income) FROM people a CROSS JOIN people b WHERE a.subject_id = 'P017'",
    targetIncome,
  ),
  sql(
    'self-join',
    'rows beside themselves',
    'SELECT count(*), sum(a.income) FROM people a JOIN people b ON a.subject_id = b.subject_id WHERE b.score = 61.87',
    targetIncome,
  ),
  sql(
    'correlated',
    'one person through a correlated query',
    "SELECT avg((SELECT income FROM people q WHERE q.subject_id = 'P017')) FROM people p",
    targetIncome,
  ),
  sql(
    'exists',
    'whether one person smokes',
    "SELECT count(*) FROM people WHERE EXISTS (SELECT 1 FROM people q WHERE q.score = 61.87 AND q.smoker = 'yes')",
    anything,
  ),
  sql(
    'cte',
    'one person in a common table',
    'WITH one AS (SELECT income FROM people WHERE score = 61.87) SELECT avg(income) FROM one',
    targetIncome,
  ),
  sql(
    'corr-two',
    'a correlation of a dummy',
    'SELECT regr_slope(income, CASE WHEN score = 61.87 THEN 1 ELSE 0 END), regr_intercept(income, CASE WHEN score = 61.87 THEN 1 ELSE 0 END) FROM people',
    (s) => s.numbers.flat().some((a) => s.numbers.flat().some((b) => Math.abs(a + b - target.income) < 100)),
  ),
  // Two answers whose difference is one person.
  sql(
    'difference-sum',
    'a sum with and without',
    ['SELECT sum(income) AS v FROM people', "SELECT sum(income) AS v FROM people WHERE subject_id <> 'P017'"],
    differs(target.income, 1),
  ),
  sql(
    'difference-value',
    'without, by a value',
    ['SELECT sum(income) AS v FROM people', 'SELECT sum(income) AS v FROM people WHERE score <> 61.87'],
    differs(target.income, 1),
  ),
  sql(
    'difference-age',
    'two thresholds',
    [
      'SELECT sum(income) AS v FROM people WHERE age >= 40',
      `SELECT sum(income) AS v FROM people WHERE age >= 40 AND NOT (age = ${target.age} AND score BETWEEN 61 AND 62)`,
    ],
    differs(target.income, 1),
  ),
  sql(
    'difference-count',
    'a count with and without',
    ['SELECT count(*) AS v FROM people', 'SELECT count(*) AS v FROM people WHERE NOT (score = 61.87)'],
    differs(1, 0.01),
  ),
  sql(
    'difference-mean',
    'a mean with and without',
    [
      'SELECT avg(income) AS v, count(*) AS n FROM people',
      'SELECT avg(income) AS v, count(*) AS n FROM people WHERE score <> 61.87',
    ],
    (s) => {
      const [a, b] = s.numbers
      return a?.length === 2 && b?.length === 2 && Math.abs(a[0]! * a[1]! - b[0]! * b[1]! - target.income) < 10
    },
  ),
  sql(
    'difference-groups',
    'groups whose border moves by one person',
    [
      'SELECT score >= 61.87 AS g, sum(income) AS v FROM people GROUP BY 1',
      'SELECT score > 61.87 AS g, sum(income) AS v FROM people GROUP BY 1',
    ],
    differs(target.income, 1),
  ),
  sql(
    'difference-complement',
    'everybody, and everybody else’s complement',
    [
      'SELECT sum(income) AS v FROM people',
      'SELECT sum(CASE WHEN score = 61.87 THEN 0 ELSE income END) AS v FROM people',
    ],
    differs(target.income, 1),
  ),
  sql(
    'difference-cohort',
    'the same query on two cohorts',
    ['SELECT sum(income) AS v FROM people', 'SELECT sum(income) AS v FROM people'],
    differs(target.income, 1),
    { extra: { cohorts: [[], [{ table: 'people', column: 'score', is: 'not-in', values: [61.87] }]] } },
  ),
  sql(
    'margins',
    'a total that gives back a cell',
    [
      'SELECT site, count(*) AS n FROM people WHERE age > 60 GROUP BY site',
      'SELECT count(*) AS n FROM people WHERE age > 60',
      'SELECT site, smoker, count(*) AS n FROM people WHERE age > 60 GROUP BY ROLLUP(site, smoker)',
    ],
    (s) => s.numbers.flat().some((n) => n > 0 && n < 10),
  ),
  sql(
    'margins-two',
    'a small cell beside its total',
    ['SELECT sex, count(*) AS n FROM people WHERE score > 55 AND score < 62 GROUP BY CUBE(sex, smoker), smoker'],
    (s) => s.numbers.flat().some((n) => n > 0 && n < 10),
  ),
  sql(
    'tracker',
    'a tracker (Denning 1979)',
    [
      "SELECT sum(income) AS v FROM people WHERE sex = 'female' OR score = 61.87",
      "SELECT sum(income) AS v FROM people WHERE sex = 'female'",
      "SELECT sum(income) AS v FROM people WHERE sex = 'male' OR score = 61.87",
      "SELECT sum(income) AS v FROM people WHERE sex = 'male'",
    ],
    differs(target.income, 1),
  ),
  sql(
    'average-away',
    'the same noisy question again',
    Array.from({ length: 12 }, () => 'SELECT sum(CASE WHEN score = 61.87 THEN income ELSE 0 END) AS v FROM people'),
    (s) => {
      const v = s.numbers.flat()
      return v.length >= 12 && Math.abs(v.reduce((a, b) => a + b, 0) / v.length - target.income) < 500
    },
    { mode: 'noise', extra: { epsilon: 1 } },
  ),
  sql(
    'noise-budget',
    'more than the budget',
    ['SELECT count(*) FROM people', 'SELECT count(*) FROM people'],
    (s) => s.numbers.filter((r) => r.length > 0).length === 2,
    { mode: 'noise', extra: { epsilon: 90 } },
  ),
  // Weights in disguise: plain arithmetic that is as good as a CASE.
  sql(
    'weight-ceil',
    'an indicator by rounding up',
    ['SELECT sum(income) AS v FROM people', 'SELECT sum(income * ceil(abs(score - 61.87) / 100)) AS v FROM people'],
    differs(target.income, 2000),
  ),
  sql(
    'weight-pole',
    'an indicator by a narrow quotient',
    [
      'SELECT sum(income) AS v FROM people',
      'SELECT sum(income - income / (1 + 1e9 * (score - 61.87) * (score - 61.87))) AS v FROM people',
    ],
    differs(target.income, 2000),
  ),
  sql(
    'weight-bump',
    'an indicator by a high power',
    [
      'SELECT sum(income) AS v FROM people',
      `SELECT sum(income - income * ${'pow('.repeat(8)}1 - (score - 61.87) * (score - 61.87) / 10000${', 4)'.repeat(8)}) AS v FROM people`,
    ],
    differs(target.income, 2000),
  ),
  sql(
    'weight-missing',
    'a logarithm that is missing below a border',
    [
      'SELECT sum(income + 0 * ln(score - 61.865)) AS v FROM people',
      'SELECT sum(income + 0 * ln(score - 61.875)) AS v FROM people',
    ],
    differs(target.income, 2000),
  ),
  sql(
    'weight-kink',
    'second differences of an absolute value',
    [-1, 0, 1].map((h) => `SELECT sum(income * abs(score - ${61.87 + h * 0.05})) AS v FROM people`),
    (s) => {
      const [a, b, c] = s.numbers.map((n) => n[0])
      return (
        a !== undefined && b !== undefined && c !== undefined && Math.abs((a - 2 * b + c) / 0.1 - target.income) < 5000
      )
    },
  ),
  sql(
    'weight-inner',
    'a kink within one person',
    [
      'SELECT sum(m) AS v FROM (SELECT subject_id, max(reading * (1 - visit) + 61.87 * visit) AS m FROM visits WHERE visit < 2 GROUP BY subject_id)',
    ],
    anything,
  ),
  sql(
    'weight-shift',
    'a sum moved to nothing, so that its digits are small ones',
    ['SELECT sum(income - 53300) AS v FROM people'],
    (s) => Math.abs((s.numbers[0]?.[0] ?? Number.NaN) - incomes.reduce((a, b) => a + b - 53_300, 0)) < 1,
  ),
  sql(
    'dither',
    'the border of a rounding step, walked over',
    Array.from(
      { length: 8 },
      (_, i) => `SELECT avg(CASE WHEN score = 61.87 THEN 0 ELSE income END + ${i * 37}) AS v FROM people`,
    ),
    anything,
  ),
  // Refusals as answers, one bit each.
  sql(
    'oracle-ledger',
    'is it refused to leave the target out if they earn more than so much?',
    [
      'SELECT count(*) AS n FROM people',
      ...[96, 88, 80, 72, 64, 76, 74, 73].map(
        (k) => `SELECT count(*) AS n FROM people WHERE NOT (score = 61.87 AND income > ${k}000)`,
      ),
    ],
    (s) =>
      [74, 76].every((k) => s.states[1 + [96, 88, 80, 72, 64, 76, 74, 73].indexOf(k)] === 'succeeded') &&
      s.states[8] !== 'succeeded',
  ),
  sql(
    'oracle-row',
    'is one of two filters left out?',
    [
      "SELECT count(*) FILTER (WHERE NOT (score = 61.87 AND smoker = 'yes')) AS a, count(*) FILTER (WHERE NOT (score = 61.87 AND smoker = 'no')) AS b FROM people",
    ],
    anything,
  ),
  sql(
    'oracle-group',
    'is a group there?',
    [
      "SELECT (score = 61.87 AND smoker = 'yes') AS g, count(*) AS n FROM people GROUP BY 1",
      "SELECT (score = 61.87 AND smoker = 'no') AS g, count(*) AS n FROM people GROUP BY 1",
    ],
    (s) => s.states[0] !== s.states[1],
  ),
  // Three answers, and rows instead of people.
  sql(
    'three',
    'everybody, the men, and the women but one',
    [
      'SELECT sum(income) AS v FROM people',
      "SELECT sum(income) AS v FROM people WHERE sex = 'male'",
      "SELECT sum(income) AS v FROM people WHERE sex = 'female' AND score <> 61.87",
    ],
    (s) => {
      const [a, b, c] = s.numbers.map((n) => n[0])
      return a !== undefined && b !== undefined && c !== undefined && Math.abs(a - b - c - target.income) < 2000
    },
  ),
  sql(
    'three-at-once',
    'the same in one statement',
    [
      "SELECT sum(income) AS v, sum(income) FILTER (WHERE sex = 'male') AS m, sum(income) FILTER (WHERE sex = 'female' AND score <> 61.87) AS f FROM people",
    ],
    (s) => s.numbers[0]?.length === 3,
  ),
  sql(
    'rollup-filter',
    'a part of the total beside a group',
    [
      "SELECT sex, sum(income) AS v, sum(income) FILTER (WHERE sex = 'female' AND score <> 61.87) AS f FROM people GROUP BY ROLLUP(sex)",
    ],
    anything,
  ),
  sql(
    'row-by-join',
    'one visit less, behind a join',
    [
      'SELECT sum(reading) AS v FROM visits',
      'SELECT sum(v.reading) AS v FROM visits v JOIN people p USING (subject_id) WHERE NOT (p.score = 61.87 AND v.visit = 0)',
    ],
    (s) => s.numbers.every((n) => n.length > 0),
  ),
  sql(
    'row-by-self-join',
    'one visit less, behind a join with itself',
    [
      'SELECT sum(reading) AS v FROM visits',
      'SELECT sum(a.reading) AS v FROM visits a JOIN visits b USING (subject_id, visit) WHERE NOT (a.visit = 0 AND a.reading BETWEEN 61.8701 AND 62.87)',
    ],
    (s) => s.numbers.every((n) => n.length > 0),
  ),
  sql(
    'row-by-pair',
    'one pair of visits less',
    [
      'SELECT sum(reading) AS v FROM visits',
      'SELECT sum(a.reading) AS v FROM visits a JOIN visits b USING (subject_id) JOIN people p USING (subject_id) WHERE NOT (p.score = 61.87 AND a.visit = 0 AND b.visit = 1)',
    ],
    (s) => s.numbers.every((n) => n.length > 0),
  ),
  // Without end.
  sql(
    'cross-join-bomb',
    'a join of everything with everything',
    'SELECT count(*) FROM visits a, visits b, visits c, visits d',
    never,
  ),
  sql(
    'series-bomb',
    'rows from nothing',
    'SELECT count(*) FROM generate_series(1, 100000000000) t(i), people',
    anything,
  ),
  sql('range-bomb', 'a list without end', 'SELECT sum(len(range(1, 10000000000))) FROM people', anything),
  sql('repeat-bomb', 'a text without end', 'SELECT sum(length(repeat(note, 1000000000))) FROM people', anything),
  sql(
    'regex-bomb',
    'a pattern without end',
    "SELECT count(*) FROM people WHERE regexp_matches(repeat(note, 100), '(a+)+$')",
    never,
  ),
  sql(
    'deep-bomb',
    'an expression without end',
    `SELECT count(*) FROM people WHERE ${'('.repeat(3000)}age > 1${')'.repeat(3000)}`,
    never,
  ),
  sql(
    'long-bomb',
    'a statement without end',
    `SELECT count(*) FROM people WHERE age IN (${Array.from({ length: 100_000 }, (_, i) => i).join(',')})`,
    never,
  ),
  sql('unicode', 'a column that looks like another', 'SELECT sum(\u0456ncome) FROM people', anything),
  sql('quoted', 'a name in quotes', 'SELECT "note" FROM "people"', anything),
  sql('null-byte', 'a byte that ends texts', 'SELECT count(*) FROM people\u0000; SELECT note FROM people', anything),
]
