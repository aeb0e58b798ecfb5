import { Group, NumberInput, Radio, Stack, Switch, Text } from '@mantine/core'
import type { ReleaseMode } from '../../../../../domain/datasets/policy.ts'
import { short } from '../../parts/figures.ts'
import { Section } from '../../parts/Page.tsx'
import { modeMeaning, modeName } from '../../parts/policy-words.ts'
import type { Dataset } from '../../queries/datasets.ts'
import type { Quote } from '../../queries/jobs.ts'
import { useTwin } from '../data.ts'
import { type AskDraft, isScript, isTrial } from './ask-draft.ts'
import { DeclaredOutputs } from './DeclaredOutputs.tsx'
import type { PutDraft } from './useAskDraft.ts'
import choiceStyles from '../../parts/choice.module.css'

/** How the answer leaves: by which way of release, at what epsilon, or on the synthetic twin alone. */
export function AskRelease({
  dataset,
  draft,
  put,
  cost,
}: {
  dataset: Dataset
  draft: AskDraft
  put: PutDraft
  /** As quoted for the question as it stands. */
  cost: Quote['cost'] | undefined
}) {
  const hasTwin = useTwin(dataset)
  const trial = isTrial(draft)
  return (
    <Section title="How the answer leaves">
      {isScript(draft) && (hasTwin || trial) && (
        <Switch
          mb="md"
          checked={trial}
          onChange={(e) => put({ twin: e.currentTarget.checked })}
          label="Try it on the synthetic twin"
          description="Runs once on synthetic rows, costs nothing, and shows you all that it printed. What comes back is no answer about the data."
        />
      )}
      {!trial && (
        <Radio.Group
          aria-label="How the answer leaves"
          value={draft.mode}
          onChange={(mode) => put({ mode: mode as ReleaseMode })}
        >
          <Stack gap="xs">
            {dataset.policy.modes.map((mode) => (
              <Radio.Card key={mode} value={mode} className={choiceStyles.choice} aria-label={modeName[mode]}>
                <Group wrap="nowrap" align="flex-start">
                  <Radio.Indicator mt={3} />
                  <div>
                    <Text fw={500}>{modeName[mode]}</Text>
                    <Text size="sm" c="dimmed">
                      {modeMeaning[mode]}
                    </Text>
                  </div>
                </Group>
              </Radio.Card>
            ))}
          </Stack>
        </Radio.Group>
      )}
      {draft.mode === 'noise' && !trial && (
        <Stack mt="md" gap="sm">
          <Epsilon left={dataset.budget.left} draft={draft} put={put} cost={cost} />
          {isScript(draft) && <DeclaredOutputs draft={draft} put={put} />}
        </Stack>
      )}
    </Section>
  )
}

function Epsilon({
  left,
  draft,
  put,
  cost,
}: {
  left: number
  draft: AskDraft
  put: PutDraft
  cost: Quote['cost'] | undefined
}) {
  const afterwards = cost && cost.nanoRho > 0 ? `; ${short(cost.left)} afterwards` : ''
  return (
    <NumberInput
      label="Epsilon"
      description={`More is more exact and costs more. ${short(left)} is left${afterwards}.`}
      min={0.01}
      max={100}
      step={0.25}
      decimalScale={4}
      w={240}
      maw="100%"
      styles={{ description: { width: 'min(520px, 80vw)' } }}
      value={draft.epsilon}
      onChange={(value) => {
        if (typeof value === 'number' && value > 0) put({ epsilon: value })
      }}
    />
  )
}
