import { Button, FileButton, Group, Modal, Stack, Text, Textarea } from '@mantine/core'
import { useState } from 'react'
import { ProblemNotice } from '../../parts/ProblemNotice.tsx'
import type { Policy, Schema } from '../../queries/datasets.ts'
import { readDeclared } from './schema-draft.ts'

/** What was declared elsewhere, pasted or in a file, takes the place of the form. */
export function ImportDialog({
  schema,
  close,
  take,
}: {
  schema: Schema
  close: () => void
  take: (declared: { schema?: Schema; policy?: Policy }) => void
}) {
  const [text, setText] = useState('')
  const [error, setError] = useState<unknown>()
  const go = () => {
    setError(undefined)
    try {
      take(readFor(schema, text))
    } catch (e) {
      setError(e)
    }
  }
  return (
    <Modal opened onClose={close} title="Import dataset.json" size="lg">
      <Stack>
        <Text size="sm">Paste a schema, or choose a file. It replaces what stands in the form.</Text>
        <Textarea
          aria-label="dataset.json"
          autosize
          minRows={8}
          maxRows={18}
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
          placeholder={'{ "schema": { "tables": [ … ] } }'}
          data-autofocus
        />
        <ProblemNotice error={error} title="This cannot be imported" />
        <Group justify="space-between">
          <FileButton accept="application/json,.json" onChange={(f) => void f?.text().then(setText)}>
            {(props) => (
              <Button variant="default" {...props}>
                Choose a file
              </Button>
            )}
          </FileButton>
          <Group>
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button disabled={!text.trim()} onClick={go}>
              Import
            </Button>
          </Group>
        </Group>
      </Stack>
    </Modal>
  )
}

/** Reads a declaration for files that were uploaded. Throws an error that a person can read. */
function readFor(schema: Schema, text: string): ReturnType<typeof readDeclared> {
  const declared = readDeclared(text)
  const uploaded = new Set(schema.tables.map((table) => table.file))
  const unknown = declared.schema?.tables.map((table) => table.file).filter((file) => !uploaded.has(file)) ?? []
  if (unknown.length > 0) throw new Error(`It declares ${unknown.join(', ')}, which was not uploaded.`)
  return declared
}
