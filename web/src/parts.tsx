import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useReport } from './context.ts'
import type { SectionId } from './view.ts'

interface SectionProps {
  readonly id: SectionId
  readonly title: string
  readonly intro?: ComponentChildren
  readonly tools?: ComponentChildren
  readonly children: ComponentChildren
}

export function Section({ id, title, intro, tools, children }: SectionProps) {
  const { link } = useReport()
  return (
    <section id={id} aria-labelledby={`${id}-title`}>
      <header class="section-head">
        <div>
          <h2 id={`${id}-title`}>
            <a class="anchor" href={link({ section: id })}>
              {title}
            </a>
          </h2>
          {intro !== undefined && <p class="intro">{intro}</p>}
        </div>
        {tools !== undefined && <div class="tools">{tools}</div>}
      </header>
      {children}
    </section>
  )
}

interface Option<T extends string> {
  readonly value: T
  readonly label: string
}

interface ChoiceProps<T extends string> {
  readonly label: string
  readonly value: T
  readonly options: readonly Option<T>[]
  /** Whether the label is shown; it is always read out. */
  readonly labelled?: boolean
  onChange(value: T): void
}

/** A few options side by side. */
export function Segmented<T extends string>({ label, value, options, onChange, labelled = false }: ChoiceProps<T>) {
  const name = useId()
  return (
    <fieldset class="segmented">
      <legend class={labelled ? 'field-label' : 'hidden'}>{label}</legend>
      <div class="segments">
        {options.map((option) => (
          <label key={option.value} class={option.value === value ? 'chosen' : ''}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

export function Select<T extends string>({ label, value, options, onChange, labelled = true }: ChoiceProps<T>) {
  const id = useId()
  return (
    <div class="field">
      <label for={id} class={labelled ? 'field-label' : 'hidden'}>
        {label}
      </label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  )
}

/** Segments while they fit, a drop-down list beyond. */
export function Choice<T extends string>(props: ChoiceProps<T>) {
  const letters = props.options.reduce((sum, option) => sum + option.label.length + 3, 0)
  return letters > 48 ? <Select {...props} /> : <Segmented {...props} />
}

/** Wide tables scroll in themselves, never the page, `tall` ones also downwards; the region can be reached with the keyboard. */
export function TableScroll({
  label,
  tall = false,
  children,
}: {
  label: string
  tall?: boolean
  children: ComponentChildren
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section class={tall ? 'table-scroll tall' : 'table-scroll'} aria-label={label} tabIndex={0}>
      {children}
    </section>
  )
}

/** Folded content that many pages have much of: it enters the document when it is first opened, and stays. */
export function Folded(props: { class: string; summary: ComponentChildren; children: () => ComponentChildren }) {
  const [opened, setOpened] = useState(false)
  return (
    <details class={props.class} onToggle={(event) => event.currentTarget.open && setOpened(true)}>
      <summary>{props.summary}</summary>
      {opened && props.children()}
    </details>
  )
}

/** A text of the user's data: any direction, any length. */
export function Text({ children, class: className = '' }: { children: string; class?: string }) {
  return (
    <bdi dir="auto" class={`text ${className}`}>
      {children}
    </bdi>
  )
}

/**
 * A name in a table: on one line while it is of usual length, however narrow the column; a longer one is broken where its parts meet.
 */
export function Name({ children }: { children: string }) {
  return (
    <bdi dir="auto" class="text name-text">
      {children.split(/(?<=[+_/@:])/).map((part, i) => (
        <>
          {i > 0 && <wbr />}
          {part}
        </>
      ))}
    </bdi>
  )
}

/** The head of a column that sorts. */
export function SortHead(props: {
  readonly label: string
  readonly title?: string
  readonly class: string
  /** Null: the table is sorted by another column. */
  readonly sorted: 'ascending' | 'descending' | null
  onSort(): void
}) {
  const { label, title, sorted, onSort } = props
  return (
    <th scope="col" class={props.class} aria-sort={sorted ?? 'none'} title={title}>
      <button type="button" class="sort" onClick={onSort}>
        <Text>{label}</Text>
        <span class="arrow" aria-hidden="true">
          {sorted === null ? '' : sorted === 'ascending' ? '↑' : '↓'}
        </span>
      </button>
    </th>
  )
}

/** The width inside the element around a plot, its padding excluded, in CSS pixels; 0 before it is known. */
export function useWidth() {
  const ref = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const element = ref.current
    if (element === null) return
    const measure = () => {
      const { paddingLeft, paddingRight } = getComputedStyle(element)
      setWidth(Math.floor(element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight)))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [ref, width] as const
}

/** Puts a text on the clipboard and says so. */
export function CopyButton({ label, text }: { label: string; text: () => string }) {
  const [state, setState] = useState<'idle' | 'done' | 'failed'>('idle')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text())
      setState('done')
    } catch {
      // Clipboards are closed to pages without a secure origin, for example in some viewers of build artifacts.
      setState('failed')
    }
    setTimeout(() => setState('idle'), 2000)
  }
  return (
    <button type="button" class="quiet" onClick={copy}>
      <span aria-live="polite">{state === 'idle' ? label : state === 'done' ? 'Copied' : 'Not allowed here'}</span>
    </button>
  )
}
