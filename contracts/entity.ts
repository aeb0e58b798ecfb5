/**
 * Entities as data: everything the one table keeps, each declared once beside its area
 * (`contracts/<area>.entities.ts`). Keys, grants, the guard around the table and the tables in docs/architecture.md,
 * section 3, are made from the declarations; retention, backup and lineage find here what they need.
 *
 * These files load no schema, so that every function can have all of them.
 */
import { type Fields, fill, fillAsFarAs, namesIn, type Pieces, piecesOf, readBack, type Values } from './template.ts'

/**
 * The prefixes of partition keys, which are also what grants name. An area adds its own where it declares its entities:
 *
 *   declare module './entity.ts' { interface EntityPrefixes { NOTE: true } }
 *
 * A grant, a key or an ancestor with another prefix does not compile.
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- filled by the areas
export interface EntityPrefixes {}
export type EntityPrefix = keyof EntityPrefixes

export type Bucket = 'assets' | 'sealed' | 'protected' | 'quarantine' | 'released'
/** A place of objects: the bucket and the beginning of the object's key, with fields in braces. */
export type ObjectPlace = `${Bucket}/${string}`

/** Whose it is: on whose word it is made, kept and ended. */
export type Owner =
  /** One person: who signed in, made it or asked it. */
  | 'person'
  /** An organisation, by whoever has the role or right that the permission table names. */
  | 'organisation'
  /** The participant it is about: their withdrawal ends it, whoever else holds it. */
  | 'participant'
  /** Nobody: the platform's own bookkeeping. */
  | 'platform'

/** What deletes an item or an object. */
export type Deletion =
  /** Whoever gave it takes it back: an invitation, a token, rights on a study. */
  | 'revocation'
  /** The person leaves the organisation. */
  | 'membership-ended'
  /** The study is deleted, which only one without results can be, with its links and what previews have left. */
  | 'study-deleted'
  /** The experiment is deleted, which only one without runs can be. */
  | 'experiment-deleted'
  /** The participant withdraws, or breaks the run off. */
  | 'withdrawal'
  /** The link did not take the participant after all; nothing of the run remains. */
  | 'start-refused'
  /** The dataset is retired, or its custodian no longer lists it. */
  | 'unlisted'
  /** The job has come to its end, and nothing of it can act any more. */
  | 'job-ended'
  /** A request made a pointer and no job, and was over long ago. */
  | 'job-forgotten'
  /**
   * Its time has come. An item carries it as `goneAt` (ports/table.ts): no function sees it from then on, and the store
   * removes it. Objects go by a look of the sweep or the watch.
   */
  | 'expiry'
  /** Links were given to send it, and a while later nothing names it. */
  | 'unnamed'
  /** What it asked somebody to look at has been done. */
  | 'done'
  /** The bucket's own rule: after 30 days (lib/data-stack.ts). */
  | 'bucket-rule'

/** What has no end, and why: it is there for as long as the installation is. */
export interface Kept {
  kept: string
}
/** How it ends: by any of these, or not at all, for a reason. */
export type Ends = readonly [Deletion, ...Deletion[]] | Kept

/**
 * What a backup is for, of this entity. The table is saved whole (point-in-time recovery; on a laptop the home), so
 * that all items come back; objects come back from the buckets that keep versions, which `sealed` and `quarantine` do
 * not.
 */
export type BackedUp =
  /** A backup must hold it: nothing else says what it says. */
  | 'kept'
  /** It says nothing that what it points at does not say: it could be made anew. */
  | 'derived'
  /** By the time of a restore it means nothing any more. */
  | 'fleeting'

interface IndexTemplate {
  gpk: `${EntityPrefix}#${string}`
  gsk: string
}

/** What is said of an entity. */
export interface Declaration<P extends EntityPrefix = EntityPrefix> {
  /** In the words of the architecture page, e.g. `study person (rights)`. */
  what: string
  /** Templates of its key in the table (contracts/template.ts). */
  key: { pk: `${P}#${string}`; sk: string }
  /** Its places in the sparse index, by name: an item stands in one of them at a time, or in none. */
  index?: Readonly<Record<string, IndexTemplate>>
  owner: Owner
  /** Where it keeps objects, and what deletes them. */
  objects?: Readonly<Record<ObjectPlace, Ends>>
  deletedBy: Ends
  backedUp: BackedUp
  /** Other entities whose content it holds or was computed from; what its partition key names is not repeated. */
  descendsFrom: readonly EntityPrefix[]
}

/** Makes an item's key from the values of its template, partition key first. */
export interface KeyFunction<PK extends string, SK extends string> {
  (...values: Values<`${PK} ${SK}`>): { pk: string; sk: string }
  /** The partition key alone, to query. */
  partition: (...values: Values<PK>) => string
  /** What sort keys begin with, as far as fields are given. */
  prefix: (fields?: Partial<Fields<SK>>) => string
  /** The fields of a key, or undefined when the key is another entity's. */
  read: (key: { pk: string; sk: string }) => Fields<`${PK} ${SK}`> | undefined
}

/** Makes an item's place in the index from the item itself, or whatever has the template's fields. */
export interface IndexFunction<GPK extends string, GSK extends string> {
  (fields: Fields<`${GPK} ${GSK}`>): { gpk: string; gsk: string }
  /** The index's partition key alone, to query. */
  partition: (...values: Values<GPK>) => string
  /** What sort keys begin with, as far as fields are given. */
  prefix: (fields?: Partial<Fields<GSK>>) => string
  /** The fields of a sort key, or undefined when it is of another place. */
  read: (gsk: string) => Fields<GSK> | undefined
}

type IndexFunctions<I> = {
  [N in keyof I]: I[N] extends IndexTemplate ? IndexFunction<I[N]['gpk'], I[N]['gsk']> : never
}

/** An entity: its declaration, and the functions that come of it. */
export interface Entity<P extends EntityPrefix = EntityPrefix, D extends Declaration<P> = Declaration<P>> {
  prefix: P
  declaration: D
  key: KeyFunction<D['key']['pk'], D['key']['sk']>
  index: D['index'] extends object ? IndexFunctions<D['index']> : Record<never, never>
}
/** Any entity, where only its declaration is read. */
export type DeclaredEntity = Pick<Entity, 'prefix' | 'declaration'> & {
  key: { read: (key: { pk: string; sk: string }) => object | undefined }
}
/** The entities of an area, by the names under which their keys are made. */
export type Entities = Readonly<Record<string, DeclaredEntity>>

const record = (names: readonly string[], values: readonly unknown[]): Record<string, unknown> =>
  Object.fromEntries(names.map((name, i) => [name, values[i]]))

function keyFunction({ pk, sk }: Declaration['key']): unknown {
  const [partition, sort] = [piecesOf(pk), piecesOf(sk)]
  const names = [...namesIn(partition), ...namesIn(sort)]
  const key = (...values: unknown[]): { pk: string; sk: string } => {
    const fields = record(names, values)
    return { pk: fill(partition, fields), sk: fill(sort, fields) }
  }
  return Object.assign(key, {
    partition: partitionFunction(partition),
    prefix: (fields = {}) => fillAsFarAs(sort, fields),
    read: (of: { pk: string; sk: string }) => {
      const [left, right] = [readBack(partition, of.pk), readBack(sort, of.sk)]
      return left && right && { ...left, ...right }
    },
  })
}

function indexFunction({ gpk, gsk }: IndexTemplate): unknown {
  const [partition, sort] = [piecesOf(gpk), piecesOf(gsk)]
  const place = (fields: Record<string, unknown>): { gpk: string; gsk: string } => ({
    gpk: fill(partition, fields),
    gsk: fill(sort, fields),
  })
  return Object.assign(place, {
    partition: partitionFunction(partition),
    prefix: (fields = {}) => fillAsFarAs(sort, fields),
    read: (of: string) => readBack(sort, of),
  })
}

const partitionFunction =
  (pieces: Pieces) =>
  (...values: unknown[]): string =>
    fill(pieces, record(namesIn(pieces), values))

const declared = new Set<string>()

/** Whether any entity that this program has loaded has the prefix. */
export const isDeclared = (prefix: string): prefix is EntityPrefix => declared.has(prefix)

/**
 * Declares an entity. `prefix` is what its partition key begins with and what grants name; several entities may lie in
 * one partition, as a study and its versions do.
 */
export function entity<const P extends EntityPrefix, const D extends Declaration<P>>(
  prefix: P,
  declaration: D,
): Entity<P, D> {
  declared.add(prefix)
  const places = Object.entries(declaration.index ?? {})
  return {
    prefix,
    declaration,
    key: keyFunction(declaration.key) as Entity<P, D>['key'],
    index: Object.fromEntries(places.map(([name, place]) => [name, indexFunction(place)])) as Entity<P, D>['index'],
  }
}

/** The key functions of entities, by name. */
export const keysOf = <const E extends Record<string, { key: unknown }>>(
  entities: E,
): { [N in keyof E]: E[N]['key'] } =>
  Object.fromEntries(Object.entries(entities).map(([name, e]) => [name, e.key])) as never

/** The index functions of entities, by name and place. */
export const indexesOf = <const E extends Record<string, { index: unknown }>>(
  entities: E,
): { [N in keyof E]: E[N]['index'] } =>
  Object.fromEntries(Object.entries(entities).map(([name, e]) => [name, e.index])) as never
