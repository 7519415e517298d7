/** The shells that can be helped. */
export const shells = ["bash", "zsh", "fish"] as const;

/**
 * What a shell has to read to complete command lines. The script asks `tug __complete`, which prints a word, a tab and
 * what it means on each line, and `:files` where the shell should complete file names.
 */
export const completionScripts: Readonly<Record<(typeof shells)[number], string>> = {
  // The shell splits words at colons and equals signs: the line is split again, and what stands before is taken off.
  bash: `_tug() {
  local line words current before
  read -ra words <<< "\${COMP_LINE:0:COMP_POINT}"
  [[ "\${COMP_LINE:COMP_POINT-1:1}" == " " ]] && words+=("")
  current="\${words[-1]}"
  before="\${current%"\${current##*[:=]}"}"
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ "$line" == ":files" ]]; then
      compopt -o default
    else
      line="\${line%%$'\\t'*}"
      COMPREPLY+=("\${line#"$before"}")
    fi
  done < <(tug __complete -- "\${words[@]:1}" 2> /dev/null)
}
complete -F _tug tug
`,
  zsh: `#compdef tug
_tug() {
  local line
  local -a words_found
  for line in "\${(@f)$(tug __complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)}"; do
    if [[ "$line" == ":files" ]]; then
      _files
    elif [[ -n "$line" ]]; then
      words_found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done
  (( \${#words_found} )) && _describe tug words_found
}
if [[ "$funcstack[1]" == _tug ]]; then _tug "$@"; else compdef _tug tug; fi
`,
  fish: `function __tug_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (tug __complete -- $words[2..-1] 2> /dev/null)
    if test "$line" = ":files"
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c tug -f -a '(__tug_complete)'
`,
};
