import { NumberInput, Select } from '@mantine/core'
import { synthesisMethods, type SynthesisMethod } from '../../../../domain/synthesis/plan.ts'
import { Section } from '../parts/Page.tsx'
import type { Plan } from './data.ts'
import { methodName, methodWords } from './words.ts'

const methods = synthesisMethods.map((m) => ({ value: m, label: methodName[m] }))

/** Whose privacy is protected and how much, and how the table is made. */
export function PlanFields({ plan, put }: { plan: Plan; put: (part: Partial<Plan>) => void }) {
  const number = (
    label: string,
    key: 'epsilon' | 'delta' | 'rowsPerPerson' | 'rowsDeclared' | 'rows',
    description: string,
    more: { min: number; max: number; step?: number },
  ) => (
    <NumberInput
      label={label}
      description={description}
      value={plan[key] ?? ''}
      onChange={(v) => put({ [key]: v === '' ? undefined : Number(v) })}
      hideControls
      thousandSeparator={key === 'delta' ? undefined : ','}
      {...more}
    />
  )
  return (
    <>
      <Section
        title="Privacy"
        hint="Whoever has the synthetic table learns almost nothing about any one person, whatever else they know. Epsilon says how much “almost” is."
      >
        <div className="fields">
          {number('Epsilon', 'epsilon', '1 is usual; smaller protects more', { min: 0.01, max: 100, step: 0.1 })}
          {number('Delta', 'delta', 'Far below one in the number of rows', { min: 0, max: 0.001 })}
          {number('Rows a person may add', 'rowsPerPerson', 'Whose privacy: a person with so many rows', {
            min: 1,
            max: 10_000,
          })}
          {number('Rows of the table, about', 'rowsDeclared', 'As you would tell anybody', {
            min: 1,
            max: 100_000_000,
          })}
        </div>
      </Section>
      <Section title="Method">
        <div className="fields">
          <Select
            label="Method"
            description={methodWords[plan.method]}
            data={methods}
            value={plan.method}
            onChange={(m) => put({ method: (m ?? 'auto') as SynthesisMethod })}
            allowDeselect={false}
          />
          {number('Rows to make', 'rows', 'Left empty: as many as the noisy counts say', { min: 1, max: 5_000_000 })}
        </div>
      </Section>
    </>
  )
}
