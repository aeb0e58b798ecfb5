/**
 * What is drawn from the budget, in the order in which it is drawn. Every look at the data goes through a journal: it
 * charges first, then adds exact noise, then writes down the noisy answer. A journal that was written down by an
 * earlier attempt is read back before anything new is drawn, so that a resumed job neither pays nor looks twice for the
 * same answer.
 */
import type { NanoRho } from '../privacy/accounting.ts'
import type { Uniform } from '../privacy/randomness.ts'
import { choose } from './choice.ts'
import { SynthesisError } from './errors.ts'
import { gaussian, sigmaOf, varianceFor } from './gaussian.ts'

/**
 * One draw: a noisy table, a choice, or a note (a decision taken from noisy answers alone, at no charge). Plain JSON.
 */
export interface Entry {
  kind: 'measure' | 'choose' | 'note'
  /** What it was drawn for, in words that stay the same from release to release. */
  what: string
  columns?: number[]
  /** nano-rho, as decimal digits */
  rho: string
  /** Of a measurement: standard deviation of the noise of each value, and the noisy values. */
  sigma?: number
  values?: number[]
  /** Of a choice: the number of the candidate; of a note: what was decided. */
  chosen?: number
}
/** What a job must keep to go on after a crash. `key` names the job's public parameters. */
export interface Checkpoint {
  version: 1
  key: string
  entries: Entry[]
}
/** Noisy counts and the standard deviation of their noise. */
export interface Noisy {
  columns: number[]
  values: Float64Array
  sigma: number
}

/** Called after each draw with everything so far; awaited, so that what was paid for is kept before it is used. */
export type KeepCheckpoint = (checkpoint: Checkpoint) => void | Promise<void>

/**
 * The only way to the data. The constructor throws SynthesisError: `bad_budget`, `bad_parameter` for the rows of a
 * person, `wrong_checkpoint` when `resume` has another key. Every draw throws `overspent` when its price is more than
 * what is left, and `wrong_checkpoint` when the next entry that was kept is another one; what `keep` throws passes
 * through.
 */
export class Journal {
  readonly budget: NanoRho
  /** How many rows a person may add. */
  readonly rowsPerPerson: number
  readonly entries: Entry[] = []
  readonly #random: Uniform
  readonly #key: string
  readonly #before: Entry[]
  readonly #keep: KeepCheckpoint | undefined
  #spent = 0n

  constructor(options: {
    budget: NanoRho
    rowsPerPerson: number
    random: Uniform
    key: string
    resume?: Checkpoint
    keep?: KeepCheckpoint
  }) {
    if (options.budget <= 0n) throw new SynthesisError('bad_budget', 'The budget must be more than nothing')
    if (!Number.isSafeInteger(options.rowsPerPerson) || options.rowsPerPerson < 1)
      throw new SynthesisError('bad_parameter', 'A person adds a whole number of rows, at least one')
    if (options.resume && (options.resume.version !== 1 || options.resume.key !== options.key))
      throw new SynthesisError('wrong_checkpoint', 'The checkpoint belongs to a job with other parameters')
    this.budget = options.budget
    this.rowsPerPerson = options.rowsPerPerson
    this.#random = options.random
    this.#key = options.key
    this.#before = [...(options.resume?.entries ?? [])]
    this.#keep = options.keep
  }

  /** nano-rho. */
  get spent(): NanoRho {
    return this.#spent
  }
  get left(): NanoRho {
    return this.budget - this.#spent
  }
  /** Whether the next answer comes from the checkpoint. */
  get repeating(): boolean {
    return this.#before.length > 0
  }

  /**
   * The same answers in the order given before, as long as there are any; a difference means another job or another
   * program.
   */
  #again(kind: Entry['kind'], what: string, rho: NanoRho, columns?: readonly number[]): Entry | undefined {
    const entry = this.#before.shift()
    if (!entry) return undefined
    if (
      entry.kind !== kind ||
      entry.what !== what ||
      BigInt(entry.rho) !== rho ||
      (columns && entry.columns?.join() !== columns.join())
    )
      throw new SynthesisError('wrong_checkpoint', 'The checkpoint does not match what this job draws')
    return entry
  }

  #charge(rho: NanoRho): void {
    if (rho < 0n || rho > this.left)
      throw new SynthesisError('overspent', `A draw of ${rho} nano-rho exceeds the ${this.left} that are left`)
    this.#spent += rho
  }

  async #write(entry: Entry, fresh: boolean): Promise<void> {
    this.entries.push(entry)
    if (fresh) await this.#keep?.({ version: 1, key: this.#key, entries: [...this.entries] })
  }

  /**
   * Counts plus discrete Gaussian noise at a cost of `rho`. `scale`: by how much one row can move the whole vector in
   * L2 norm (a whole number; 1 for counts of a partition). `counts` is only asked when the answer is not already in the
   * checkpoint.
   */
  async measure(
    what: string,
    columns: readonly number[],
    rho: NanoRho,
    counts: () => ArrayLike<number>,
    scale = 1,
  ): Promise<Noisy> {
    this.#charge(rho)
    let entry = this.#again('measure', what, rho, columns)
    const fresh = !entry
    if (!entry) {
      const variance = varianceFor(rho, this.rowsPerPerson * scale)
      const draw = gaussian(this.#random, variance)
      const exact = counts()
      const values = new Array<number>(exact.length)
      for (let i = 0; i < exact.length; i++) values[i] = exact[i]! + draw()
      entry = { kind: 'measure', what, columns: [...columns], rho: String(rho), sigma: sigmaOf(variance), values }
    }
    await this.#write(entry, fresh)
    return { columns: [...columns], values: Float64Array.from(entry.values!), sigma: entry.sigma! }
  }

  /**
   * A choice by the exponential mechanism at a cost of `rho`: the number of the candidate. `scores` are integers that
   * one row moves by at most `sensitivity`; they are only asked when the choice is not already in the checkpoint.
   */
  async choose(what: string, rho: NanoRho, scores: () => ArrayLike<number>, sensitivity: number): Promise<number> {
    this.#charge(rho)
    const before = this.#again('choose', what, rho)
    const entry = before ?? {
      kind: 'choose' as const,
      what,
      rho: String(rho),
      chosen: choose(this.#random, scores(), sensitivity * this.rowsPerPerson, rho),
    }
    await this.#write(entry, !before)
    return entry.chosen!
  }

  /** A number that follows from noisy answers, kept so that a resumed job decides alike. Free. */
  async note(what: string, decide: () => number): Promise<number> {
    const before = this.#again('note', what, 0n)
    const entry = before ?? { kind: 'note' as const, what, rho: '0', chosen: decide() }
    await this.#write(entry, !before)
    return entry.chosen!
  }

  /**
   * Everything must be spent when a method ends: what was charged for is what was drawn. Throws `unspent` otherwise.
   */
  close(): void {
    if (this.left !== 0n) throw new SynthesisError('unspent', `${this.left} nano-rho were charged and not drawn`)
  }
}
