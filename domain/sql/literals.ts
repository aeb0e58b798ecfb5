/** Values that a statement writes down, as DuckDB's parser hands them over. */
import { type Ast, object, text } from './ast.ts'
import { constant, type Expr } from './expr.ts'
import { notAllowed } from './refused.ts'

const numericTypes = new Set([
  'DOUBLE',
  'FLOAT',
  'DECIMAL',
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
])

/** 128 bits come as two halves of 64. */
const ofHalves = (halves: Ast): number => Number(halves['upper']) * 2 ** 64 + Number(halves['lower'])

/** The value of a CONSTANT node; throws `Refused` for kinds of literals that are not understood. */
export function literalOf(node: Ast): Expr {
  const value = object(node['value'])
  const type = object(value['type'])
  if (value['is_null'] === true) return constant(null)
  const raw = value['value']
  const id = text(type['id'])
  if (id === 'VARCHAR') return constant(text(raw))
  if (id === 'BOOLEAN') return constant(raw === true)
  if (id === 'HUGEINT') return constant(ofHalves(object(raw)))
  if (id === 'DECIMAL') {
    const scale = Number(object(type['type_info'])['scale'])
    const whole = typeof raw === 'object' && raw !== null ? ofHalves(raw as Ast) : Number(raw)
    return constant(Number(`${whole}e${-scale}`))
  }
  if (numericTypes.has(id) && typeof raw === 'number' && Number.isFinite(raw)) return constant(raw)
  throw notAllowed('This kind of literal is not allowed. Use numbers, texts, dates, TRUE, FALSE and NULL.')
}
