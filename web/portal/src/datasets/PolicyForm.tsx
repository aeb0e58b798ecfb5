import {
  Checkbox,
  Group,
  List,
  MultiSelect,
  NumberInput,
  Radio,
  SimpleGrid,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { languages, releaseModes } from '../../../../domain/datasets/policy.ts'
import { defaultPolicy, floorSubjects } from '../../../../domain/release/policy.ts'
import { Section } from '../parts/Page.tsx'
import { membersQuery, nameOf } from '../queries/members.ts'
import type { Dataset, Policy } from '../queries/datasets.ts'
import { policySentences } from './words.ts'
import { languageMeaning, languageName, modeMeaning, modeName } from '../parts/policy-words.ts'

type Rule = keyof Policy['disclosure']
const more: { key: Rule; label: string; description: string; min: number; max: number; step?: number }[] = [
  {
    key: 'roundTo',
    label: 'Round counts to multiples of',
    description: '1 for none; OpenSAFELY rounds to 5',
    min: 1,
    max: 1000,
  },
  {
    key: 'redactUpTo',
    label: 'Leave out counts up to',
    description: '0 for none; OpenSAFELY leaves out 7 and fewer',
    min: 0,
    max: 1000,
  },
  {
    key: 'dominanceShare',
    label: 'Dominance: share of the largest two',
    description: 'A total is suppressed when its two largest contributors make up this share or more',
    min: 0.1,
    max: 1,
    step: 0.05,
  },
  {
    key: 'pRatio',
    label: 'p-ratio',
    description:
      'A total is suppressed when what remains without the two largest is less than this share of the largest',
    min: 0,
    max: 1,
    step: 0.05,
  },
  {
    key: 'residualDegrees',
    label: 'Residual degrees of freedom',
    description: 'A model with fewer is not released',
    min: 0,
    max: 1000,
  },
  {
    key: 'parametersPerSubject',
    label: 'Parameters a subject',
    description: 'A model with more is not released',
    min: 0.01,
    max: 1,
    step: 0.01,
  },
]

/** Who may ask what, how answers leave, and what that means in plain words beside it. */
export function PolicyForm({
  dataset,
  policy,
  change,
}: {
  dataset: Dataset
  policy: Policy
  change: (p: Policy) => void
}) {
  const { data: members } = useQuery(membersQuery(dataset.organisationId))
  const put = (part: Partial<Policy>) => change({ ...policy, ...part })
  const rule = (key: Rule, value: number | undefined) => {
    const disclosure = { ...policy.disclosure, [key]: value }
    if (value === undefined) delete disclosure[key]
    put({ disclosure })
  }
  const numberOf = (v: number | string): number | undefined =>
    typeof v === 'number' && Number.isFinite(v) ? v : undefined
  const asking =
    members?.filter((m) => m.roles.some((r) => r === 'analyst' || r === 'researcher' || r === 'custodian')) ?? []
  return (
    <div className="two">
      <Stack gap="xl">
        <Radio.Group
          label="Who may ask"
          value={policy.people.kind}
          onChange={(v) => put({ people: v === 'named' ? { kind: 'named', userIds: [] } : { kind: 'analysts' } })}
        >
          <Stack gap="sm" mt={6}>
            <Radio value="analysts" label="Analysts, researchers and custodians of the organisation" />
            <Radio value="named" label="Only people who are named" />
          </Stack>
        </Radio.Group>
        {policy.people.kind === 'named' && (
          <MultiSelect
            label="People"
            searchable
            placeholder={policy.people.userIds.length === 0 ? 'Nobody yet' : ''}
            data={asking.map((m) => ({ value: m.userId, label: nameOf(m) }))}
            value={policy.people.userIds}
            onChange={(userIds) => put({ people: { kind: 'named', userIds } })}
            nothingFoundMessage="No analyst, researcher or custodian is called that"
            clearButtonProps={{ 'aria-label': 'Name nobody' }}
          />
        )}
        <Checkbox.Group
          label="Languages"
          value={policy.languages}
          onChange={(v) => put({ languages: languages.filter((l) => v.includes(l)) })}
        >
          <Stack gap="xs" mt={6}>
            {languages.map((language) => (
              <Checkbox
                key={language}
                value={language}
                label={languageName[language]}
                description={languageMeaning[language]}
              />
            ))}
          </Stack>
        </Checkbox.Group>
        <Checkbox.Group
          label="How answers may leave"
          value={policy.modes}
          onChange={(v) => put({ modes: releaseModes.filter((m) => v.includes(m)) })}
        >
          <Stack gap="xs" mt={6}>
            {releaseModes.map((mode) => (
              <Checkbox key={mode} value={mode} label={modeName[mode]} description={modeMeaning[mode]} />
            ))}
          </Stack>
        </Checkbox.Group>
        <NumberInput
          label="Fewest people behind a number"
          description={`Cells, cohorts and statistics of fewer people are not shown. ${floorSubjects} is the platform’s floor: under it, one person’s colleagues could work out the rest. 10 is what most statistical offices use.`}
          min={floorSubjects}
          max={100_000}
          clampBehavior="blur"
          allowDecimal={false}
          w={220}
          maw="100%"
          styles={{ description: { width: 'min(640px, 80vw)' } }}
          value={policy.disclosure.minimumSubjects ?? defaultPolicy.minimumSubjects}
          onChange={(v) => rule('minimumSubjects', numberOf(v))}
        />
        {policy.modes.includes('noise') && (
          <div>
            <Group align="flex-start" gap="lg">
              <NumberInput
                label="Privacy budget, epsilon"
                min={0}
                max={1000}
                step={1}
                w={200}
                value={policy.budget.epsilon}
                onChange={(v) => put({ budget: { ...policy.budget, epsilon: numberOf(v) ?? 0 } })}
              />
              <NumberInput
                label="delta"
                min={1e-12}
                max={1e-3}
                step={1e-7}
                decimalScale={12}
                w={200}
                value={policy.budget.delta}
                onChange={(value) => {
                  const limit = numberOf(value)
                  if (limit && limit > 0) put({ budget: { ...policy.budget, delta: limit } })
                }}
              />
            </Group>
            <Text size="sm" c="dimmed" mt={6} maw={640}>
              For everything that is ever released with noise. About 1 protects each person strongly; 10 allows some
              tens of careful questions. Delta is the chance that the protection fails; keep it well under one in the
              number of people.
            </Text>
          </div>
        )}
        <TextInput
          type="date"
          label="No question from this day on"
          description="Leave empty for no end"
          w={280}
          maw="100%"
          value={policy.expires ?? ''}
          onChange={(event) => {
            const { expires: _, ...rest } = policy
            change(event.currentTarget.value ? { ...rest, expires: event.currentTarget.value } : rest)
          }}
        />
        <Switch
          label="A custodian approves each analysis first"
          description="The approval is for exactly that code, parameters and cohort; any change asks again"
          checked={policy.approval}
          onChange={(e) => put({ approval: e.currentTarget.checked })}
        />
        <Switch
          label="Listed for everybody"
          description="Description, declared schema and policy can be found without signing in; never a value, never a count"
          checked={policy.listed}
          onChange={(e) => put({ listed: e.currentTarget.checked })}
        />
        <details className="legend">
          <summary>More rules</summary>
          <SimpleGrid cols={{ base: 1, sm: 2 }} mt="sm">
            {more.map((field) => (
              <NumberInput
                key={field.key}
                label={field.label}
                description={field.description}
                min={field.min}
                max={field.max}
                step={field.step ?? 1}
                placeholder={String(defaultPolicy[field.key])}
                value={policy.disclosure[field.key] ?? ''}
                onChange={(v) => rule(field.key, numberOf(v))}
              />
            ))}
          </SimpleGrid>
          <Text size="sm" mt="sm">
            Empty fields take the platform’s value, shown in grey. A value here counts only where it is stricter.
          </Text>
        </details>
      </Stack>
      <aside className="beside">
        <Section title="What this means">
          <List size="sm" spacing={6} aria-live="polite">
            {policySentences(policy).map((sentence) => (
              <List.Item key={sentence}>{sentence}</List.Item>
            ))}
          </List>
        </Section>
      </aside>
    </div>
  )
}
