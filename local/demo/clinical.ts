/**
 * `clinical_trial_data`: 150 invented people with Parkinson's disease in a two-arm trial over twelve months. The sizes
 * of effects are those of the literature, roughly: a rise of the UPDRS of about 3.5 points a year without treatment
 * (less with it, more in carriers of GBA variants), a decline of the MoCA with age and duration.
 */
import { writeCsv } from '../../domain/datasets/csv.ts'
import { clamp, drawing, numbered, to } from './drawing.ts'

const people = 150
const visits = [0, 3, 6, 12] as const
const day = (n: number): string => new Date(Date.UTC(2023, 0, 9) + n * 86_400_000).toISOString().slice(0, 10)

/** Files of the dataset by their path. The same on every machine. */
export function clinicalTrial(): Record<'subjects.csv' | 'outcomes.csv', string> {
  const draw = drawing('clinical trial')
  const subjects: (string | number)[][] = []
  const outcomes: (string | number | boolean | null)[][] = []
  for (let n = 1; n <= people; n++) {
    const id = numbered('PD-', n)
    const age = Math.round(clamp(draw.normal(64, 8.5), 40, 85))
    const sex = draw.happens(0.6) ? 'male' : 'female'
    const site = draw.one([
      ['Aarhus', 40],
      ['Bologna', 38],
      ['Cracow', 36],
      ['Dublin', 36],
    ])
    const arm = n % 2 === 0 ? 'treatment' : 'placebo'
    const duration = to(clamp(-4.2 * Math.log(1 - draw.uniform(0, 0.97)), 0.4, 20), 1)
    const marker = draw.one([
      ['none', 70],
      ['GBA', 16],
      ['LRRK2', 14],
    ])
    const education = Math.round(clamp(draw.normal(13, 3), 6, 22))
    const baseline = clamp(18 + 2.1 * duration + 0.22 * (age - 64) + draw.normal(0, 6), 4, 120)
    subjects.push([id, age, sex, site, arm, duration, to(baseline, 1), education, marker, day(draw.chance.below(240))])
    const perMonth = (arm === 'treatment' ? 0.12 : 0.42) + (marker === 'GBA' ? 0.22 : 0) + draw.normal(0, 0.12)
    for (const month of visits) {
      // Who drops out does not come back: their later rows do not exist.
      if (month > 0 && draw.happens(0.05)) break
      const total = clamp(
        baseline + perMonth * month + (arm === 'treatment' && month > 0 ? -2.2 : 0) + draw.normal(0, 2.4),
        0,
        199,
      )
      const moca = clamp(
        27.2 - 0.13 * (age - 64) - 0.16 * duration + 0.12 * (education - 13) - 0.05 * month + draw.normal(0, 1.6),
        0,
        30,
      )
      const event = month > 0 && draw.happens(arm === 'treatment' ? 0.22 : 0.12)
      outcomes.push([
        id,
        month,
        to(total, 1),
        to(clamp(total * 0.62 + draw.normal(0, 1.5), 0, 132), 1),
        draw.happens(0.03) ? null : Math.round(moca),
        event,
      ])
    }
  }
  return {
    'subjects.csv': writeCsv(
      [
        'subject_id',
        'age',
        'sex',
        'site',
        'arm',
        'disease_duration',
        'baseline_updrs',
        'education_years',
        'genetic_marker',
        'enrolled',
      ],
      subjects,
    ),
    'outcomes.csv': writeCsv(
      ['subject_id', 'visit_month', 'updrs_total', 'updrs_motor', 'moca', 'adverse_event'],
      outcomes,
    ),
  }
}
