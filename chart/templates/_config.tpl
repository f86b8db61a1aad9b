{{/* The agent's configuration, as the ConfigMap has it. What the chart sets itself, agent.env can't. */}}
{{- define "task-api.config" -}}
{{- $config := include "task-api.config.own" . | fromYaml -}}
{{- range $key, $value := .Values.agent.env -}}
{{- $_ := set $config $key (include "task-api.text" $value) -}}
{{- end -}}
{{- range $key, $value := $config }}
{{ $key }}: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- define "task-api.config.own" -}}
ORGANIZATION: {{ .Values.organizationLabels.team | quote }}
ENVIRONMENT: {{ .Values.organizationLabels.environment | quote }}
POSTGRES_HOST: {{ include "task-api.postgresql.host" . | quote }}
POSTGRES_PORT: {{ include "task-api.postgresql.port" . | quote }}
REDIS_HOST: {{ include "task-api.redis.host" . | quote }}
REDIS_PORT: {{ include "task-api.redis.port" . | quote }}
{{- end -}}

{{/* A number of a values file is a float, which print would write as 1e+06. */}}
{{- define "task-api.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}
{{- printf "%.0f" . -}}
{{- else -}}
{{- print . -}}
{{- end -}}
{{- end -}}
