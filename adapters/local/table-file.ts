/**
 * The table in a file of SQLite, without waiting: for one thread that writes, and any that read. Every row carries a
 * hash of what it holds, and the database the sum of them with the number of its commits, changed by each commit
 * (decision 0012).
 */
import { randomUUID } from 'node:crypto'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  AlreadyExists,
  type Change,
  type Condition,
  ConditionFailed,
  type Item,
  ItemDamaged,
  ItemRefused,
} from '../../ports/table.ts'
import { changed, meets } from './item-rules.ts'
import type { Head } from './table-head.ts'
import {
  hashOf,
  type HashedRow,
  itemOf,
  kindOf,
  openRow,
  type Row,
  rowKey,
  rowOf,
  rowOfKept,
  sealRow,
} from './table-row.ts'
import type { Seal } from './seal.ts'

/** One write, as it is sent to the thread that writes. */
export type Write =
  | { does: 'create'; row: Row }
  | { does: 'replace'; row: Row; rev: number }
  | { does: 'update'; pk: string; sk: string; change: string }
  | { does: 'remove'; pk: string; sk: string; when?: Condition[] }
  /** Removes items that are gone by a second (ports/table.ts), at most so many. */
  | { does: 'remove-gone'; by: number; most: number }
  /** Writes rows anew that are sealed and should not be, or the other way round, at most so many. */
  | { does: 'reseal'; most: number }

/** Every condition is looked at: one that cannot be asked is refused however the others stand. */
const allMet = (item: Item, when: readonly Condition[]): boolean => when.map((one) => meets(item, one)).every(Boolean)

export const refusals = { AlreadyExists, ConditionFailed, ItemRefused, ItemDamaged }
/** What came of a write: the row as it then is (of an update), or why nothing was written. */
export interface Outcome {
  row?: HashedRow
  /** Ends that were looked at, of `remove-gone`; rows that were written anew, of `reseal`. */
  ends?: number
  refused?: keyof typeof refusals
  why?: string
}

/** Rows of one partition, in the order of their sort keys. */
export interface Span {
  pk: string
  index: boolean
  /** Sort keys from this, to this, and below this. */
  from?: string | undefined
  to?: string | undefined
  below?: string | undefined
  backwards: boolean
  /** The place after which to go on: the sort key, or in the index its sort key and the item's key. */
  after?: readonly string[] | undefined
}

const format = 1
/** "CLOI": what `file` and SQLite's own tools find in the file's head. */
const application = 0x43_4c_4f_49
const schema = `
  pragma page_size = 4096;
  pragma application_id = ${application};
  pragma user_version = ${format};
  create table item (
    place integer primary key,
    pk text not null,
    sk text not null,
    gpk text,
    gsk text,
    value text not null,
    hash blob not null
  ) strict;
  create unique index item_key on item (pk, sk);
  create index item_index on item (gpk, gsk, pk, sk) where gpk is not null and gsk is not null;
  create table head (
    one integer primary key check (one = 1),
    head text not null,
    hash blob not null
  ) strict;
`
/**
 * When items end, so that what is gone is found without a look at everything. A hint: the item itself says when, and
 * was perhaps given another end since. Made for tables of before, too.
 */
const endings = `
  create table if not exists ending (
    second integer not null,
    pk text not null,
    sk text not null,
    primary key (second, pk, sk)
  ) strict, without rowid;
`
const columns = 'pk, sk, gpk, gsk, value, hash'
const nothing = '0'.repeat(32)

const numberOf = (hash: Uint8Array): bigint => BigInt(`0x${Buffer.from(hash).toString('hex')}`)
/** The sum of a digest and hashes that come and go. */
export const digestWith = (digest: string, come: readonly Uint8Array[], gone: readonly Uint8Array[] = []): string => {
  let sum = BigInt(`0x${digest}`)
  for (const hash of come) sum += numberOf(hash)
  for (const hash of gone) sum -= numberOf(hash)
  return BigInt.asUintN(128, sum).toString(16).padStart(32, '0')
}

const headHash = (text: string): Buffer => hashOf({ pk: '', sk: '', gpk: null, gsk: null, value: text })

/** The table as it lies in one file, or in memory (`:memory:`). Its errors are those of SQLite, as they are. */
export class TableFile {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #key: Uint8Array | undefined
  readonly #seals: boolean
  #head: Head

  private constructor(database: DatabaseSync, head: Head, seal?: Seal) {
    this.#database = database
    this.#head = head
    this.#key = seal && rowKey(seal)
    this.#seals = seal?.writes === true
  }

  /** A new, empty table that outlives its process, but no power cut until it was closed and its file synced. */
  static make(file: string, seal?: Seal): TableFile {
    const database = new DatabaseSync(file)
    database.exec(schema)
    database.exec(endings)
    if (file !== ':memory:') database.exec('pragma journal_mode = wal; pragma synchronous = off')
    const table = new TableFile(database, { store: randomUUID(), commits: 0, items: 0, digest: nothing }, seal)
    table.#writeHead()
    return table
  }

  /** The table of a file that is there, for the one who writes: what is committed is on the disk. */
  static open(file: string, seal?: Seal): TableFile {
    const database = new DatabaseSync(file)
    database.exec(`
      pragma synchronous = full;
      pragma fullfsync = on;
      pragma checkpoint_fullfsync = on;
      pragma secure_delete = on;
      pragma busy_timeout = 10000;
      pragma cache_size = -32768;
      pragma wal_autocheckpoint = 4096;
      pragma journal_size_limit = 67108864;
    `)
    const table = TableFile.#of(database, seal)
    database.exec(endings)
    return table
  }

  /** The table of a file, for reading, also while another process writes it. */
  static read(file: string, seal?: Seal): TableFile {
    const database = new DatabaseSync(file, { readOnly: true })
    database.exec('pragma busy_timeout = 2000; pragma cache_size = -16384')
    return TableFile.#of(database, seal)
  }

  static #of(database: DatabaseSync, seal: Seal | undefined): TableFile {
    try {
      return new TableFile(database, TableFile.#headIn(database), seal)
    } catch (e) {
      database.close()
      throw e
    }
  }

  static #headIn(database: DatabaseSync): Head {
    const found = database.prepare('select head, hash from head').get() as
      | { head: string; hash: Uint8Array }
      | undefined
    if (!found || !headHash(found.head).equals(found.hash)) throw new ItemDamaged('head')
    return JSON.parse(found.head) as Head
  }

  /** How far the table has come, as of the newest commit. */
  get head(): Head {
    return this.#head
  }

  /** The row with a key. */
  get(pk: string, sk: string): HashedRow | undefined {
    const row = this.#statement(`select ${columns} from item where pk = ? and sk = ?`).get(pk, sk)
    return row && openRow(this.#key, row as unknown as HashedRow)
  }

  /** Rows of a span, one after the other; whoever has enough stops. */
  rows({ pk, index, from, to, below, backwards, after }: Span): Iterable<HashedRow> {
    const [partition, order] = index ? ['gpk', ['gsk', 'pk', 'sk']] : ['pk', ['sk']]
    const bounds: [string, SQLInputValue[]][] = [[`${partition} = ?`, [pk]]]
    if (index) bounds.push(['gsk is not null', []])
    if (from !== undefined) bounds.push([`${order[0]} >= ?`, [from]])
    if (to !== undefined) bounds.push([`${order[0]} <= ?`, [to]])
    if (below !== undefined) bounds.push([`${order[0]} < ?`, [below]])
    if (after)
      bounds.push([`(${order.join(', ')}) ${backwards ? '<' : '>'} (${order.map(() => '?').join(', ')})`, [...after]])
    const where = bounds.map(([text]) => text).join(' and ')
    const direction = backwards ? ' desc' : ''
    const found = this.#statement(
      `select ${columns} from item where ${where} order by ${order.map((name) => name + direction).join(', ')}`,
    ).iterate(...bounds.flatMap(([, values]) => values))
    return this.#opened(found as Iterable<unknown> as Iterable<HashedRow>)
  }

  /** Every row there is, in no order that means anything. */
  all(): Iterable<HashedRow> {
    const found = this.#statement(`select ${columns} from item`).iterate()
    return this.#opened(found as Iterable<unknown> as Iterable<HashedRow>)
  }

  *#opened(rows: Iterable<HashedRow>): Iterable<HashedRow> {
    for (const row of rows) yield openRow(this.#key, row)
  }

  /** Reads what stands at one moment, whatever is written meanwhile; the head is then of that moment too. */
  atOneMoment<T>(read: () => T): T {
    this.#database.exec('begin')
    try {
      this.#head = TableFile.#headIn(this.#database)
      return read()
    } finally {
      this.#database.exec('rollback')
    }
  }

  /** What SQLite finds wrong with the file's structure; `quick` looks at pages only, not at the indexes. */
  faults(how: 'quick' | 'whole'): string[] {
    const found = this.#database.prepare(`pragma ${how === 'quick' ? 'quick_check' : 'integrity_check'}(5)`).all()
    const said = found.map((row) => String(Object.values(row)[0]))
    return said.filter((text) => text !== 'ok')
  }

  /** Writes together, durable when it returns. A refused one writes nothing; an error is of them all. */
  commit(writes: readonly Write[]): Outcome[] {
    const before = this.#head
    this.#run('begin immediate')
    try {
      const outcomes = writes.map((write) => this.#outcomeOf(write))
      if (this.#head === before && !outcomes.some((one) => one.ends)) this.#run('rollback')
      else {
        this.#head = { ...this.#head, commits: before.commits + 1 }
        this.#writeHead()
        this.#run('commit')
      }
      return outcomes
    } catch (e) {
      this.#head = before
      if (this.#database.isTransaction) this.#run('rollback')
      throw e
    }
  }

  /** Moves what lies in the log into the database, and empties the log unless somebody is reading. */
  checkpoint(): void {
    this.#database.exec('pragma wal_checkpoint(truncate)')
  }

  /** Writes the file anew, without what lies between its rows; what it held before is nowhere in it. */
  rewrite(): void {
    this.#database.exec('vacuum')
    this.checkpoint()
  }

  /** The last of a file's tables to be closed leaves one file. */
  close(): void {
    this.#database.close()
  }

  #outcomeOf(write: Write): Outcome {
    try {
      if (write.does === 'remove-gone') return { ends: this.#removeGone(write.by, write.most) }
      if (write.does === 'reseal') return { ends: this.#reseal(write.most) }
      const row = this.#apply(write)
      return row ? { row } : {}
    } catch (e) {
      const { name, message } = e as Error
      if (!Object.hasOwn(refusals, name)) throw e
      return { refused: name as keyof typeof refusals, why: message }
    }
  }

  #apply(write: Exclude<Write, { does: 'remove-gone' | 'reseal' }>): HashedRow | undefined {
    switch (write.does) {
      case 'create':
        return this.#create(write.row)
      case 'replace': {
        const old = this.get(write.row.pk, write.row.sk)
        if (!old || itemOf(old).rev !== write.rev) throw new ConditionFailed(`${kindOf(write.row.pk)} item`)
        this.#overwrite(old, write.row)
        return undefined
      }
      case 'update': {
        const old = this.get(write.pk, write.sk)
        const change = JSON.parse(write.change) as Change
        const item = old && itemOf(old)
        const held = item !== undefined && allMet(item, change.when ?? [])
        if (!held) throw new ConditionFailed(`${kindOf(write.pk)} item`)
        return this.#overwrite(old!, rowOf(changed(item, change)))
      }
      case 'remove': {
        if (write.when) {
          const old = this.get(write.pk, write.sk)
          if (old && !allMet(itemOf(old), write.when)) throw new ConditionFailed(`${kindOf(write.pk)} item`)
        }
        return this.#remove(write.pk, write.sk)
      }
    }
  }

  #kept(row: Row): Row {
    return this.#seals ? sealRow(this.#key!, row) : row
  }

  #create(row: Row): undefined {
    const { value } = this.#kept(row)
    const hash = hashOf({ ...row, value })
    const { changes } = this.#statement(
      `insert into item (${columns}) values (?, ?, ?, ?, ?, ?) on conflict do nothing`,
    ).run(row.pk, row.sk, row.gpk, row.gsk, value, hash)
    if (changes === 0) throw new AlreadyExists(`${kindOf(row.pk)} item`)
    this.#noteEnd(row)
    this.#count([hash], [])
  }

  #overwrite(old: HashedRow, row: Row): HashedRow {
    const kept = this.#kept(row)
    const hash = hashOf(kept)
    this.#statement('update item set gpk = ?, gsk = ?, value = ?, hash = ? where pk = ? and sk = ?').run(
      row.gpk,
      row.gsk,
      kept.value,
      hash,
      row.pk,
      row.sk,
    )
    this.#noteEnd(row)
    this.#count([hash], [old.hash])
    return { ...kept, hash, ...(this.#seals ? { plain: row.value } : {}) }
  }

  #remove(pk: string, sk: string): undefined {
    const old = this.#statement('delete from item where pk = ? and sk = ? returning hash').get(pk, sk) as
      | { hash: Uint8Array }
      | undefined
    if (old) this.#count([], [old.hash])
  }

  #noteEnd(row: Row): void {
    if (!row.value.includes('"goneAt":')) return
    const { goneAt } = JSON.parse(row.value) as { goneAt?: unknown }
    if (typeof goneAt !== 'number') return
    this.#statement('insert or ignore into ending (second, pk, sk) values (?, ?, ?)').run(
      Math.floor(goneAt),
      row.pk,
      row.sk,
    )
  }

  #removeGone(by: number, most: number): number {
    const ended = this.#statement('select second, pk, sk from ending where second <= ? limit ?').all(by, most) as {
      second: number
      pk: string
      sk: string
    }[]
    for (const { second, pk, sk } of ended) {
      const row = this.get(pk, sk)
      const goneAt = row && itemOf(row).goneAt
      if (goneAt !== undefined && goneAt <= by) this.#remove(pk, sk)
      this.#statement('delete from ending where second = ? and pk = ? and sk = ?').run(second, pk, sk)
    }
    return ended.length
  }

  #reseal(most: number): number {
    const found = this.#statement(`select ${columns} from item where (substr(value, 1, 1) = '~') <> ? limit ?`).all(
      this.#seals ? 1 : 0,
      most,
    ) as unknown as HashedRow[]
    for (const row of found) {
      const old = openRow(this.#key, row)
      this.#overwrite(old, rowOfKept(itemOf(old)))
    }
    return found.length
  }

  #count(come: readonly Uint8Array[], gone: readonly Uint8Array[]): void {
    const { digest, items } = this.#head
    this.#head = { ...this.#head, items: items + come.length - gone.length, digest: digestWith(digest, come, gone) }
  }

  #writeHead(): void {
    const text = JSON.stringify(this.#head)
    this.#statement('insert or replace into head (one, head, hash) values (1, ?, ?)').run(text, headHash(text))
  }

  #run(text: string): void {
    this.#statement(text).run()
  }

  #statement(text: string): StatementSync {
    let found = this.#statements.get(text)
    if (!found) {
      found = this.#database.prepare(text)
      this.#statements.set(text, found)
    }
    return found
  }
}
