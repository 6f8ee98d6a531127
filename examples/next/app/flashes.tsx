'use client'

import { type ReactNode, useEffect, useState } from 'react'
import { forgetFlashes } from './actions'

/** Shows messages, then calls an action to consume them: rendering a page cannot. */
export function Flashes({ messages }: { messages: string[] }): ReactNode {
  const [seen, setSeen] = useState(messages)
  useEffect(() => {
    if (messages.length === 0) return
    setSeen(messages)
    void forgetFlashes()
  }, [messages])
  return (
    <ul id="flashes">
      {seen.map(message => (
        <li key={message}>{message}</li>
      ))}
    </ul>
  )
}
