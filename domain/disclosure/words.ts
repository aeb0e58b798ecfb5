/**
 * Which words may leave with a script's output: what the custodian declared, what the analyst wrote, and the language
 * of statistics. Never a text from the data.
 */
import type { Column, DatasetSchema } from '../datasets/schema.ts'

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
/** Words of a name; more of them spell. */
const mostWords = 24
const word = /[\p{L}_][\p{L}\p{N}_]*/gu
const figures = /\d+(?:\.\d+)?/g
const pieces = (text: string): string[] => text.split(/[^\p{L}\p{N}]+/u).filter(Boolean)

/** The words of one job: those of its code, and those that the dataset's schema declares. */
export class Words {
  readonly #whole = new Set<string>()
  readonly #pieces = new Set<string>()
  readonly #numbers = new Set<number>([0, 1])

  constructor(code: string, schema: DatasetSchema) {
    for (const table of schema.tables) {
      this.#declare(table.name)
      for (const column of table.columns) this.#declareColumn(column)
    }
    for (const { name, masks } of schema.images) {
      this.#declare(name)
      for (const mask of masks) this.#declare(mask.slice(mask.lastIndexOf('/') + 1).replace(/\.nii(\.gz)?$/, ''))
    }
    for (const [found] of code.matchAll(word)) this.#add(found)
    // Single-letter literals would spell anything; a literal is a word like any other, numbers are those that stand in
    // the code.
    for (const [found] of code.matchAll(figures)) this.#numbers.add(Number(found))
  }

  #declare(text: string | undefined): void {
    if (text === undefined) return
    this.#whole.add(text)
    this.#add(text)
  }
  #declareColumn({ name, unit, categories = [], minimum, maximum }: Column): void {
    for (const text of [name, unit, ...categories]) this.#declare(text)
    for (const category of categories)
      if (category.trim() !== '' && Number.isFinite(Number(category))) this.#numbers.add(Number(category))
    for (const bound of [minimum, maximum]) if (typeof bound === 'number') this.#numbers.add(bound)
  }
  #add(text: string): void {
    for (const piece of pieces(text)) this.#pieces.add(piece.toLowerCase())
  }

  /**
   * Whether a number was chosen without looking: a bound, a category, a literal of the code, or one with at most two
   * significant digits.
   */
  number(number: number): boolean {
    return this.#numbers.has(number) || this.#numbers.has(-number) || Number(number.toPrecision(2)) === number
  }

  /** Whether a key was known before anybody looked: declared or written, not only of a harmless form. */
  chosen(key: string | number | boolean | null): boolean {
    if (typeof key === 'number') return this.#numbers.has(key)
    return typeof key !== 'string' || this.text(key)
  }

  /**
   * Whether a text may be shown: declared as it stands, or made of declared, written and statistical words,
   * percentages, and numbers chosen without looking.
   */
  text(text: string): boolean {
    if (this.#whole.has(text)) return true
    if (text.length > longest) return false
    const words = pieces(text.replace(figures, (number) => (this.number(Number(number)) ? ' ' : ` ${number} `)))
    return words.length <= mostWords && words.every((own) => this.#isKnown(own))
  }

  #isKnown(text: string): boolean {
    return this.#isPiece(text) || pieces(text.replaceAll('_', ' ')).every((piece) => this.#isPiece(piece))
  }
  #isPiece(piece: string): boolean {
    const lower = piece.toLowerCase()
    return this.#pieces.has(lower) || vocabulary.has(lower)
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

/** A name and its parts, in lower case. */
const parts = (name: string): string[] => {
  const lower = name.slice(0, longest).toLowerCase()
  return [lower, ...lower.split(/[^\p{L}\p{N}%]+/u)]
}
/** What follows the last dot, as `fit.p` says what `p` says; `p.value` is a word of R. */
const lastPart = (name: string): string =>
  name.includes('.') && !/p\.value/i.test(name) ? name.slice(name.lastIndexOf('.') + 1) : name

/** What a name says that its numbers are. Names are the script's own: a wrong one only makes the rules stricter. */
export const nameSays = {
  /** The value of a single person: a minimum, a first one. */
  extreme: (name: string): boolean => parts(name).some((part) => extremes.has(part)),
  /** A quantile, or another value by its place in an order. */
  order: (name: string): boolean =>
    parts(name).some((part) => orders.has(part) || /^p\d{1,2}$/.test(part) || /^\d{1,2}(?:\.\d+)?%$/.test(part)),
  /** How many people or observations. */
  count: (name: string): boolean =>
    counts.has(name.toLowerCase()) || /^n[_. ]/i.test(name) || /[_. ](?:n|count)$/i.test(name),
  /** A p-value. */
  chance: (name: string): boolean => chances.test(lastPart(name)),
}
