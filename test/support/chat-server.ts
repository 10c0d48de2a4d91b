import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ChatServer {
  /** Base address for the OpenAI interface. */
  readonly v1: string
  /** The prompts that came in. */
  readonly prompts: string[]
  close(): Promise<void>
}

/**
 * A server on a free local port that speaks OpenAI's `/v1/chat/completions`.
 *
 * @param answer What the model says to a prompt; a number is an HTTP status with an error that echoes the key.
 */
export async function startChatServer(
  answer: (prompt: string) => string | number,
  options: { readonly key?: string } = {},
): Promise<ChatServer> {
  const prompts: string[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    request.on('end', () => {
      const reply = (status: number, body: unknown) => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify(body))
      }
      const { authorization } = request.headers
      if (options.key !== undefined && authorization !== `Bearer ${options.key}`)
        return reply(401, { error: `wrong key: ${authorization}` })
      if (request.url !== '/v1/chat/completions') return reply(404, { error: 'no such route' })
      const { messages } = JSON.parse(text) as { messages: { content: string }[] }
      const prompt = messages.map(({ content }) => content).join('\n')
      prompts.push(prompt)
      const said = answer(prompt)
      if (typeof said === 'number') return reply(said, { error: `refused; you sent ${authorization}` })
      return reply(200, {
        choices: [{ index: 0, message: { role: 'assistant', content: said }, finish_reason: 'stop' }],
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    v1: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    prompts,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
