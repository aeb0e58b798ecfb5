import { ActionIcon, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import type { AskDraft, DeclaredDraft } from './ask-draft.ts'
import type { PutDraft } from './useAskDraft.ts'

/** For a script under noise: the numbers it will answer, each with a range chosen before looking. */
export function DeclaredOutputs({ draft, put }: { draft: AskDraft; put: PutDraft }) {
  const set = (index: number, part: Partial<DeclaredDraft>) =>
    put({ declared: draft.declared.map((output, i) => (i === index ? { ...output, ...part } : output)) })
  return (
    <div>
      <Text size="sm" fw={500}>
        Numbers it will answer
      </Text>
      <Text size="sm" c="dimmed" mb="xs" maw={640}>
        Each as it is called in result.json, with the range it is clamped to. Choose ranges from what you know, not from
        the data; narrow ones give less noise.
      </Text>
      <Stack gap="xs">
        {draft.declared.map((output, index) => (
          <Group key={index} gap="xs" wrap="nowrap" align="flex-end">
            <TextInput
              aria-label={`Output ${index + 1}: name`}
              placeholder="mean_age"
              className="grow"
              maw={260}
              value={output.name}
              onChange={(e) => set(index, { name: e.currentTarget.value })}
            />
            <TextInput
              aria-label={`Output ${index + 1}: from`}
              placeholder="from"
              inputMode="decimal"
              w={90}
              value={output.low}
              onChange={(e) => set(index, { low: e.currentTarget.value })}
            />
            <TextInput
              aria-label={`Output ${index + 1}: to`}
              placeholder="to"
              inputMode="decimal"
              w={90}
              value={output.high}
              onChange={(e) => set(index, { high: e.currentTarget.value })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size={36}
              aria-label={`Take output ${index + 1} out`}
              onClick={() => put({ declared: draft.declared.filter((_, j) => j !== index) })}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
      </Stack>
      <Button
        mt="xs"
        size="compact-sm"
        variant="default"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => put({ declared: [...draft.declared, { name: '', low: '', high: '' }] })}
      >
        Add a number
      </Button>
    </div>
  )
}
