/** Languages and ways of release in a person's words. */
import type { Language, ReleaseMode } from '../../../../domain/datasets/policy.ts'

export const languageName: Record<Language, string> = { sql: 'SQL', python: 'Python', r: 'R', notebook: 'Notebook' }
export const languageMeaning: Record<Language, string> = {
  sql: 'Aggregate queries, answered in about a second',
  python: 'Scripts with pandas, statsmodels, scikit-learn, nibabel',
  r: 'Scripts with R’s recommended packages',
  notebook: 'Jupyter notebooks in Python',
}
export const modeName: Record<ReleaseMode, string> = {
  rules: 'Disclosure rules',
  noise: 'Noise',
  review: 'Review by people',
}
/** In lists and tables. */
export const modeShort: Record<ReleaseMode, string> = { rules: 'rules', noise: 'noise', review: 'review' }
export const modeMeaning: Record<ReleaseMode, string> = {
  rules:
    'Released at once when it is safe: the platform counts people itself, suppresses what could single somebody out and rounds the rest.',
  noise:
    'Released with exact random noise that gives differential privacy; it spends some of the dataset’s budget before it runs.',
  review: 'Held until two output checkers have looked at it: for plots, models and everything that rules cannot judge.',
}
