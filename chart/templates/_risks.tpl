{{/* What is allowed and still risky about these values, for NOTES.txt. */}}
{{- define "task-api.risks" -}}
{{- $risks := list -}}
{{- if not .Values.migration.enabled -}}
{{- $risks = append $risks "migration.enabled is false: the schema is yours to look after." -}}
{{- end -}}
{{- if le (include "task-api.leastReplicas" . | int) 1 -}}
{{- $risks = append $risks "There is one agent: while its node is drained nothing answers." -}}
{{- else if not .Values.podDisruptionBudget.enabled -}}
{{- $risks = append $risks "podDisruptionBudget.enabled is false: a drain may take all agents at once." -}}
{{- end -}}
{{- if and .Values.postgresql.enabled (not .Values.backup.enabled) -}}
{{- $risks = append $risks "backup.enabled is false: what PostgreSQL holds is in its volumes alone." -}}
{{- end -}}
{{- if and .Values.postgresql.enabled (not (dig "persistence" "enabled" true .Values.postgresql.primary)) -}}
{{- $risks = append $risks "postgresql.primary.persistence.enabled is false: the data is lost with the pod." -}}
{{- end -}}
{{- if and .Values.postgresql.enabled (include "task-api.makesSecret" .) (not .Values.secret.keep) -}}
{{- $risks = append $risks "secret.keep is false: after an uninstall nobody knows the passwords of the volumes that stay." -}}
{{- end -}}
{{- if not .Values.redis.auth.enabled -}}
{{- $risks = append $risks "redis.auth.enabled is false: whoever reaches Redis can read and change the cache." -}}
{{- end -}}
{{- if ne .Values.agent.service.type "ClusterIP" -}}
{{- $risks = append $risks (printf "agent.service.type is %s: the agent can be reached from outside the cluster, without TLS." .Values.agent.service.type) -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.tls) -}}
{{- $risks = append $risks "ingress.tls is empty: requests come in without TLS." -}}
{{- end -}}
{{- if and .Values.networkPolicy.enabled (or .Values.ingress.enabled .Values.httpRoute.enabled) (eq (toJson .Values.networkPolicy.from) `[{"podSelector":{}}]`) -}}
{{- $risks = append $risks "networkPolicy.from lets in this namespace alone: name the namespace of the ingress controller or Gateway there." -}}
{{- end -}}
{{- if not (or .Values.networkPolicy.enabled (eq .Values.organizationLabels.environment "dev")) -}}
{{- $risks = append $risks "networkPolicy.enabled is false: every pod of the cluster reaches the stores." -}}
{{- end -}}
{{- if not .Values.agent.preStopSeconds -}}
{{- $risks = append $risks "agent.preStopSeconds is 0: upgrades lose requests." -}}
{{- end -}}
{{- $risks | toJson -}}
{{- end -}}
