import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { expect, it } from 'vitest'
import { tableContract } from '../../ports/table.contract.ts'
import { createTable } from '../local/table.ts'
import { startStore } from '../local/testing.ts'
import { awsTable } from './table.ts'

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }

tableContract('DynamoDB', async () => {
  const store = await startStore()
  await createTable({ endpoint: store.endpoint, tableName: 'cloister-prod' })
  return {
    table: awsTable({ tableName: 'cloister-prod', endpoint: store.endpoint, region: 'eu-central-1', credentials }),
    close: store.close,
  }
})

it('passes on what is not a condition: a missing table is not a missing item', async () => {
  const store = await startStore()
  const table = awsTable({
    tableName: 'nowhere',
    client: new DynamoDBClient({ endpoint: store.endpoint, region: 'eu-central-1', credentials }),
  })
  await expect(table.create({ pk: 'A#1', sk: 'A' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  await expect(table.query('A#1')).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  await store.close()
})
