import {
  ActionIcon,
  Button,
  Group,
  MultiSelect,
  NativeSelect,
  NumberInput,
  Stack,
  TagsInput,
  Text,
} from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import type { Plan } from './data.ts'

type Rule = Plan['rules'][number]
type Values = Record<string, string[]>
const valuesOf = (plan: Plan, name: string): string[] => {
  const column = plan.columns.find((planned) => planned.name === name)
  return column && 'categories' in column ? (column.categories ?? []) : []
}

/** `column is one of values`, several of them joined by “and”. */
function Clause({
  plan,
  values,
  change,
  label,
}: {
  plan: Plan
  values: Values
  change: (next: Values) => void
  label: string
}) {
  const names = plan.columns.filter((c) => c.kind === 'categorical' || c.kind === 'ordinal').map((c) => c.name)
  const entries = Object.entries(values)
  const free = names.filter((n) => !(n in values))
  return (
    <div className="grow" role="group" aria-label={label}>
      <Text size="sm" fw={500}>
        {label}
      </Text>
      {names.length === 0 && (
        <Text size="xs" c="dimmed">
          Rules name categories: no column has any.
        </Text>
      )}
      {entries.map(([name, list]) => (
        <Group key={name} gap="xs" align="flex-end" mt={4} wrap="nowrap">
          <NativeSelect
            size="xs"
            aria-label={`${label}: column`}
            data={[name, ...free]}
            value={name}
            onChange={(e) =>
              change(Object.fromEntries(entries.map(([n, l]) => (n === name ? [e.currentTarget.value, []] : [n, l]))))
            }
            w={150}
          />
          <TagsInput
            size="xs"
            aria-label={`${name} is one of`}
            placeholder={list.length === 0 ? 'values' : ''}
            data={valuesOf(plan, name)}
            value={list}
            onChange={(next) => change({ ...values, [name]: next })}
            className="grow"
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Take ${name} out`}
            onClick={() => change(Object.fromEntries(entries.filter(([n]) => n !== name)))}
          >
            <IconTrash size={15} />
          </ActionIcon>
        </Group>
      ))}
      {free.length > 0 && (
        <Button
          mt={4}
          size="compact-xs"
          variant="subtle"
          leftSection={<IconPlus size={13} aria-hidden />}
          onClick={() => change({ ...values, [free[0]!]: [] })}
        >
          Column
        </Button>
      )}
    </div>
  )
}

/** The list with another item in the place of one, or without it. */
function replaced<Item>(list: readonly Item[], index: number, item: Item | undefined): Item[] {
  return item === undefined ? list.filter((_, i) => i !== index) : list.with(index, item)
}

/** Combinations that cannot be, or that follow from each other: no synthetic row will break them. */
export function Rules({ plan, put }: { plan: Plan; put: (part: Partial<Plan>) => void }) {
  const set = (i: number, rule: Rule | undefined) => put({ rules: replaced(plan.rules, i, rule) })
  return (
    <Stack gap="sm">
      {plan.rules.map((rule, index) => (
        <Group key={index} align="flex-start" className="panel" wrap="nowrap">
          {rule.rule === 'impossible' ? (
            <Clause
              plan={plan}
              label="Never together"
              values={rule.values}
              change={(values) => set(index, { rule: 'impossible', values })}
            />
          ) : (
            <>
              <Clause plan={plan} label="When" values={rule.when} change={(when) => set(index, { ...rule, when })} />
              <Clause
                plan={plan}
                label="then always"
                values={rule.then}
                change={(then) => set(index, { ...rule, then })}
              />
            </>
          )}
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Remove rule ${index + 1}`}
            onClick={() => set(index, undefined)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Group gap="xs">
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => put({ rules: [...plan.rules, { rule: 'impossible', values: {} }] })}
        >
          Add what cannot be together
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => put({ rules: [...plan.rules, { rule: 'implied', when: {}, then: {} }] })}
        >
          Add what follows from what
        </Button>
      </Group>
    </Stack>
  )
}

/** Sets of columns whose relation matters most: they are measured first. */
export function Wishes({ plan, put }: { plan: Plan; put: (part: Partial<Plan>) => void }) {
  const names = plan.columns.filter((c) => c.kind !== 'identifier').map((c) => c.name)
  const set = (i: number, wish: Plan['wishes'][number] | undefined) => put({ wishes: replaced(plan.wishes, i, wish) })
  return (
    <Stack gap="xs">
      {plan.wishes.map((wish, index) => (
        <Group key={index} gap="xs" align="flex-end" wrap="nowrap">
          <MultiSelect
            size="xs"
            aria-label={`Columns of wish ${index + 1}`}
            placeholder={wish.columns.length === 0 ? 'two to four columns' : ''}
            data={names}
            value={wish.columns}
            onChange={(columns) => set(index, { ...wish, columns })}
            maxValues={4}
            searchable
            className="grow"
          />
          <NumberInput
            size="xs"
            aria-label={`Weight of wish ${index + 1}`}
            min={1}
            max={1000}
            value={wish.weight}
            onChange={(v) => set(index, { ...wish, weight: Number(v) || 1 })}
            w={90}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Remove wish ${index + 1}`}
            onClick={() => set(index, undefined)}
          >
            <IconTrash size={15} />
          </ActionIcon>
        </Group>
      ))}
      <Group>
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => put({ wishes: [...plan.wishes, { columns: [], weight: 10 }] })}
        >
          Add columns that matter together
        </Button>
      </Group>
    </Stack>
  )
}
