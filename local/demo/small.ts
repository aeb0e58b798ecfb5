/** `demo_dataset`: 50 invented records to try things on. */
import { writeCsv } from '../../domain/datasets/csv.ts'
import { clamp, drawing, numbered, to } from './drawing.ts'

/** Files of the dataset by their path. The same on every machine. */
export function small(): Record<'records.csv', string> {
  const draw = drawing('small')
  const rows = Array.from({ length: 50 }, (_, index) => {
    const group = index % 2 === 0 ? 'control' : 'intervention'
    const age = Math.round(draw.uniform(20, 70))
    const smoker = draw.happens(0.3)
    const before = clamp(draw.normal(50, 9) - 0.1 * (age - 45), 0, 100)
    return [
      numbered('R', index + 1),
      group,
      age,
      smoker,
      to(before, 1),
      to(clamp(before + (group === 'intervention' ? 8 : 1) - (smoker ? 2 : 0) + draw.normal(0, 5), 0, 100), 1),
    ]
  })
  return { 'records.csv': writeCsv(['record_id', 'study_group', 'age', 'smoker', 'score_before', 'score_after'], rows) }
}
