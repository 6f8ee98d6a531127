/**
 * The script of the pages, which work without it: it reloads the live parts, and shows values in their place.
 *
 * @module
 */

export const script = `'use strict'
{
  const pauseMs = 3000
  const maxPauseMs = 60000
  const live = document.getElementById('live')
  let isOn = true
  let failures = 0

  const parse = text => new DOMParser().parseFromString(text, 'text/html')

  // What the visitor is using stays as it is.
  const isInUse = part => {
    const selection = document.getSelection()
    return part.contains(document.activeElement) ||
      (selection && !selection.isCollapsed && part.contains(selection.anchorNode))
  }

  const replace = (part, fresh) => {
    for (const open of part.querySelectorAll('details[id][open]')) {
      const same = fresh.querySelector('#' + CSS.escape(open.id))
      if (same) same.open = true
    }
    part.replaceWith(document.adoptNode(fresh))
  }

  const reload = async () => {
    const response = await fetch(location.href, { redirect: 'error' })
    if (!response.ok) throw new Error(String(response.status))
    const page = parse(await response.text())
    for (const part of document.querySelectorAll('[data-live]')) {
      const fresh = page.getElementById(part.id)
      if (fresh && !isInUse(part)) replace(part, fresh)
    }
  }

  const show = () => {
    live.setAttribute('aria-pressed', String(isOn))
    live.classList.toggle('lost', isOn && failures > 0)
    live.querySelector('span').textContent = !isOn ? 'Paused' : failures > 0 ? 'Reconnecting' : 'Live'
  }

  const tick = async () => {
    if (isOn && document.visibilityState === 'visible') {
      try {
        await reload()
        failures = 0
      } catch {
        failures++
      }
      show()
    }
    setTimeout(tick, Math.min(pauseMs * 2 ** failures, maxPauseMs))
  }

  if (live) {
    live.hidden = false
    live.addEventListener('click', () => {
      isOn = !isOn
      show()
    })
    show()
    setTimeout(tick, pauseMs)
  }

  for (const form of document.querySelectorAll('form[data-values]')) {
    form.addEventListener('submit', async event => {
      const button = event.submitter
      if (!button) return
      event.preventDefault()
      button.disabled = true
      try {
        const body = new URLSearchParams(new FormData(form))
        body.set('pointer', button.value)
        const response = await fetch(form.action, { method: 'POST', body, redirect: 'error' })
        if (!response.ok) throw new Error(String(response.status))
        const page = parse(await response.text())
        const isSame = item => item.dataset.pointer === button.value
        const fresh = [...page.querySelectorAll('[data-pointer]')].find(isSame)
        const item = button.closest('[data-pointer]')
        if (!fresh || !item) throw new Error('the value is gone')
        item.replaceWith(document.adoptNode(fresh))
        fresh.querySelector('pre')?.focus()
      } catch {
        // Without the script the form shows the value, or the error, as a page.
        const field = document.createElement('input')
        field.type = 'hidden'
        field.name = 'pointer'
        field.value = button.value
        form.append(field)
        form.submit()
      }
    })
  }
}
`
