/** `npm run docs`: writes the generated pages and files anew; `npm run check` compares them. */
import { node } from './steps.ts'

const files = [
  'tools/permissions.ts',
  'tools/entities.ts',
  'clients/cli/reference.ts',
  'lib/cost.ts',
  'web/study/catalogue.ts',
  'tools/supply/dependencies.ts',
  'tools/supply/notices.ts',
]
for (const file of files) {
  const { code, output } = await node({ name: file, command: [file] })
  console.log(code === 0 ? `  ok      ${file}` : `  FAILED  ${file}\n${output}`)
  if (code !== 0) process.exitCode = 1
}
