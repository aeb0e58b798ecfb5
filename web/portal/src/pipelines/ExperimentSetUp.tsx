import { Button, Group, NumberInput, Switch } from '@mantine/core'
import { Section } from '../parts/Page.tsx'
import type { Experiment } from './data.ts'
import { Input } from './Inputs.tsx'
import { ParameterForm } from './ParameterForm.tsx'
import type { ExperimentActs } from './useExperiment.ts'
import styles from './ExperimentSetUp.module.css'

interface SetUp {
  experiment: Experiment
  acts: ExperimentActs
  mayEdit: boolean
}

/** What goes in, with which parameters, within which limits, and who sees it. */
export const ExperimentSetUp = ({ experiment, acts, mayEdit }: SetUp) => (
  <>
    {experiment.definition.inputs.length > 0 && (
      <Section title="Inputs">
        <div className={styles.inputs}>
          {experiment.definition.inputs.map((input) => (
            <Input
              key={input.name}
              experiment={experiment}
              input={input}
              took={acts.took}
              propose={(proposed) => acts.setValues({ ...acts.values, ...proposed })}
            />
          ))}
        </div>
      </Section>
    )}
    <Section
      title="Parameters"
      action={
        mayEdit &&
        acts.unsaved && (
          <Group gap="xs">
            <Button size="compact-sm" variant="subtle" onClick={acts.undo}>
              Undo
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              disabled={acts.faults.size > 0}
              loading={acts.busy === 'save'}
              onClick={acts.save}
            >
              Save
            </Button>
          </Group>
        )
      }
    >
      <ParameterForm
        schema={acts.schema}
        values={acts.values}
        change={acts.setValues}
        faults={acts.faults}
        disabled={!mayEdit}
      />
    </Section>
    <Section title="Limits" hint="In place of the pipeline’s own.">
      <Limits experiment={experiment} acts={acts} mayEdit={mayEdit} />
      {mayEdit && (
        <Switch
          mt="md"
          label="Shared with the organisation"
          description="Others see the experiment, its runs and their logs; only you change or start it."
          checked={experiment.shared}
          onChange={(e) => acts.change({ shared: e.currentTarget.checked })}
        />
      )}
    </Section>
  </>
)

const limits = [
  ['cpus', 'Processors'],
  ['memoryMb', 'Memory (MB)'],
  ['seconds', 'Time (s)'],
  ['gpus', 'GPUs'],
] as const

function Limits({ experiment: { resources, definition }, acts, mayEdit }: SetUp) {
  const put = (limit: (typeof limits)[number][0], text: string) => {
    const { [limit]: _, ...rest } = resources
    const next = text === '' ? rest : { ...rest, [limit]: Number(text) }
    if (JSON.stringify(next) !== JSON.stringify(resources)) acts.change({ resources: next })
  }
  return (
    <div className="fields">
      {limits
        .filter(([limit]) => limit !== 'gpus' || definition.resources.gpus > 0)
        .map(([limit, label]) => (
          <NumberInput
            key={`${limit} ${resources[limit]}`}
            label={label}
            placeholder={String(definition.resources[limit])}
            defaultValue={resources[limit] ?? ''}
            hideControls
            disabled={!mayEdit}
            onBlur={(e) => put(limit, e.currentTarget.value.replaceAll(',', ''))}
          />
        ))}
    </div>
  )
}
