/**
 * The forms that pages send.
 *
 * @module
 */

/** The most bytes of a form. */
const maxFormBytes = 65_536

/** Why a form was not read, as a status. */
export type FormProblem = 413 | 415

/** Reads a form that was sent as `application/x-www-form-urlencoded`, with a limit. */
export async function readForm(request: Request): Promise<URLSearchParams | FormProblem> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') return 415
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = request.body?.getReader()
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true as const, value: undefined }
    if (done) break
    length += value.length
    if (length > maxFormBytes) {
      await reader?.cancel().catch(() => undefined)
      return 413
    }
    chunks.push(value)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return new URLSearchParams(new TextDecoder().decode(bytes))
}
