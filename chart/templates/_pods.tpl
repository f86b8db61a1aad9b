{{/* What the pods of the chart have in common. All satisfy the restricted Pod Security Standard. */}}

{{- define "task-api.agentImage" -}}
{{- with .Values.agent.image -}}
{{- .digest | empty | ternary (printf "%s:%s" .repository (.tag | default $.Chart.AppVersion)) (printf "%s@%s" .repository .digest) -}}
{{- end -}}
{{- end -}}

{{/* Of a pod's spec; called with (dict "context" $ "automount" BOOLEAN), the latter may be left out. */}}
{{- define "task-api.podDefaults" -}}
{{- $values := .context.Values -}}
enableServiceLinks: false
automountServiceAccountToken: {{ .automount | default false }}
{{- with concat ($values.global.imagePullSecrets | default list) $values.imagePullSecrets }}
imagePullSecrets:
  {{- range uniq . }}
  {{- if kindIs "map" . }}
  - name: {{ .name | quote }}
  {{- else }}
  - name: {{ . | quote }}
  {{- end }}
  {{- end }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  {{- with $values.podSecurityContext }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "task-api.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* The one writable place of a container, and the extras of its values. Called with those: .Values.agent, say. */}}
{{- define "task-api.mounts" -}}
- name: tmp
  mountPath: /tmp
{{- with .extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "task-api.volumes" -}}
- name: tmp
  emptyDir: {}
{{- with .extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
