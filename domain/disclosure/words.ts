/**
 * Which words may leave with a script's output: what the custodian declared, what the analyst wrote, and the language
 * of statistics. Never a text from the data.
 */
import type { DatasetSchema } from '../datasets/schema.ts'

/** Lower case. What statistics packages call their rows and columns. */
const vocabulary = new Set(
  `a abs absolute adj adjusted aic all alpha and anova area at auc average baseline beta bic bin bins block by c category change chi chi2 chisq ci class coef coefficient coefficients cohort column condition
conf confidence const constant control corr correlation count counts cox cramer cronbach crosstab cum cumulative cutoff d data dataset date day days density dependent descriptive describe desc description deviance deviation df df1 df2 diff difference dispersion
dist distribution e effect eigenvalue error est estimate estimated eta exp exposed f factor false female fit fitted followup for freq frequency from g gamma gender group groups h hazard hi high histogram hr i icc id in index
infinity int interaction interaction intercept interval iqr is j k kappa kendall ks kurtosis label lag lambda level levels lik likelihood linear lo loading log logit loglik low lower lr m mad male mann max maximum mean means measure measurement median message method
metric min minimum missing mode model month months mu n na name nan negative no nobs nonmissing normal not null nrow number obs observations odds of omega on or or order other out outcome overall p paired parameter parametric pc pct pearson per percent percentage
percentile poisson pooled positive pr precision pred predicted predictor prob probability prop proportion pseudo pval pvalue q q1 q2 q3 quantile quartile r r2 random range rank rate ratio recall ref reference region regression relative res resid residual residuals response rho risk
rmse roc roi row rows rr rsq rsquared s sample sample_size scale score sd se sensitivity share shapiro sigma sign significance significant size skew skewness slope sms spearman specificity sq square squared standard standarderror stat statistic statistics status std std_err stderr
step subgroup subject subjects sum summary survival t table tau term terms test the theta threshold time to total treated treatment true tstat type u unit units unknown unnamed upper v value values var variable variables variance vif vs w wald week weeks weight weighted welch whitney
wilcoxon with within without x y year years yes z zscore column`.split(/\s+/),
)

/** Letters of a name made of known words; longer ones spell. */
const longest = 80
const word = /[\p{L}_][\p{L}\p{N}_]*/gu
const figures = /\d+(?:\.\d+)?/g
const pieces = (text: string): string[] => text.split(/[^\p{L}\p{N}]+/u).filter(Boolean)

/** The words of one job. */
export class Words {
  readonly #whole = new Set<string>()
  readonly #pieces = new Set<string>()
  readonly #numbers = new Set<number>([0, 1])

  constructor(code: string, schema: DatasetSchema) {
    const declare = (text: string | undefined): void => {
      if (text !== undefined) {
        this.#whole.add(text)
        this.#add(text)
      }
    }
    for (const t of schema.tables) {
      declare(t.name)
      for (const c of t.columns) {
        declare(c.name)
        declare(c.unit)
        for (const v of c.categories ?? []) {
          declare(v)
          if (v.trim() !== '' && Number.isFinite(Number(v))) this.#numbers.add(Number(v))
        }
        for (const b of [c.minimum, c.maximum]) if (typeof b === 'number') this.#numbers.add(b)
      }
    }
    for (const i of schema.images) {
      declare(i.name)
      for (const m of i.masks) declare(m.slice(m.lastIndexOf('/') + 1).replace(/\.nii(\.gz)?$/, ''))
    }
    for (const found of code.matchAll(word)) this.#add(found[0])
    // Single-letter literals would spell anything; a literal is a word like any other, numbers are those that stand in
    // the code.
    for (const found of code.matchAll(figures)) this.#numbers.add(Number(found[0]))
  }

  #add(text: string): void {
    for (const p of pieces(text)) this.#pieces.add(p.toLowerCase())
  }

  /**
   * Whether a number was chosen without looking: a bound, a category, a literal of the code, or one with at most two
   * significant digits.
   */
  number(n: number): boolean {
    return this.#numbers.has(n) || this.#numbers.has(-n) || Number(n.toPrecision(2)) === n
  }

  /** Whether a key was known before anybody looked: declared or written, not only of a harmless form. */
  chosen(v: string | number | boolean | null): boolean {
    return typeof v === 'number' ? this.#numbers.has(v) : typeof v !== 'string' || this.text(v)
  }

  /**
   * Whether a text may be shown: declared as it stands, or made of declared, written and statistical words,
   * percentages, and numbers chosen without looking.
   */
  text(t: string): boolean {
    if (this.#whole.has(t)) return true
    if (t.length > longest) return false
    const parts = t
      .replace(figures, (f) => (this.number(Number(f)) ? ' ' : ` ${f} `))
      .split(/[^\p{L}\p{N}]+/u)
      .filter(Boolean)
    return (
      parts.length <= 24 &&
      parts.every((p) => this.#piece(p) || pieces(p.replaceAll('_', ' ')).every((q) => this.#piece(q)))
    )
  }

  #piece(p: string): boolean {
    const low = p.toLowerCase()
    return this.#pieces.has(low) || vocabulary.has(low)
  }
}

const extremes = new Set([
  'min',
  'max',
  'minimum',
  'maximum',
  'range',
  'first',
  'last',
  'smallest',
  'largest',
  'nlargest',
  'nsmallest',
  '0%',
  '100%',
  'p0',
  'p100',
])
const orders = new Set([
  'median',
  'q1',
  'q2',
  'q3',
  'iqr',
  'quantile',
  'quartile',
  'percentile',
  'mode',
  '1%',
  '5%',
  '10%',
  '20%',
  '25%',
  '50%',
  '75%',
  '80%',
  '90%',
  '95%',
  '99%',
])
const counts = new Set([
  'n',
  'count',
  'counts',
  'freq',
  'frequency',
  'size',
  'subjects',
  'participants',
  'patients',
  'nobs',
  'obs',
  'total_n',
  'n_subjects',
])
const chances = /^(?:p|pval|pvalue|p_value|p-value|p\.value|prob|pr)$|^(?:p>|pr(?:\(>|\.\.\.))|p[_ .-]?val(?:ue)?$/i

const parts = (name: string): string[] => {
  const low = name.slice(0, longest).toLowerCase()
  return [low, ...low.split(/[^\p{L}\p{N}%]+/u)]
}
/** What a name says that its numbers are. Names are the script's own: a wrong one only makes the rules stricter. */
export const says = {
  extreme: (name: string): boolean => parts(name).some((p) => extremes.has(p)),
  order: (name: string): boolean =>
    parts(name).some((p) => orders.has(p) || /^p\d{1,2}$/.test(p) || /^\d{1,2}(?:\.\d+)?%$/.test(p)),
  count: (name: string): boolean =>
    counts.has(name.toLowerCase()) || /^n[_. ]/i.test(name) || /[_. ](?:n|count)$/i.test(name),
  chance: (name: string): boolean =>
    chances.test(name.includes('.') && !/p\.value/i.test(name) ? name.slice(name.lastIndexOf('.') + 1) : name),
}
